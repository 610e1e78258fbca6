# ruby-oauth2 fetches a token in both ways and uses it.
require "oauth2"

{ "client_secret_basic" => :basic_auth, "client_secret_post" => :request_body }.each do |name, scheme|
  client = OAuth2::Client.new(ENV["CLIENT_ID"], ENV["CLIENT_SECRET"], site: ENV["GW_URL"], token_url: "/oauth/token", auth_scheme: scheme)
  token = client.client_credentials.get_token(scope: "invoices.read")
  raise "no scope in #{token.params}" unless token.params["scope"] == "invoices.read"
  puts "#{name} #{token.get("/partner/invoices").status}"
end
