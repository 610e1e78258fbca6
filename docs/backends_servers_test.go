package docs_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const phpDump = `<?php
header("Content-Type: text/plain");
foreach ($_SERVER as $name => $value) { if (is_string($value)) echo "$name=$value\n"; }
foreach (getallheaders() as $name => $value) echo "header $name=$value\n";
`

const apacheConfig = `ServerRoot %[1]s
ServerName backend.example
DefaultRuntimeDir %[1]s
PidFile %[1]s/pid
Listen %[2]s
ErrorLog /dev/stderr
LoadModule mpm_prefork_module %[3]s/mod_mpm_prefork.so
LoadModule authz_core_module %[3]s/mod_authz_core.so
LoadModule php_module %[4]s
StartServers 1
MinSpareServers 1
MaxSpareServers 1
DocumentRoot %[1]s
<Directory %[1]s>
  Require all granted
</Directory>
<FilesMatch "\.php$">
  SetHandler application/x-httpd-php
</FilesMatch>
`

func startApache(t *testing.T) *backend {
	b, _ := startApacheWith(t, phpDump)
	return b
}

// startApacheWith runs a program for both paths and returns its directory. It
// takes a free port; somebody else may take it in between: Apache then ends,
// and another one is tried.
func startApacheWith(t *testing.T, program string) (b *backend, dir string) {
	found := need(t, "apache2 and libapache2-mod-php", "/usr/sbin/apache2", "/usr/lib/apache2/modules", "/usr/lib/apache2/modules/libphp*.so")
	for range 5 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		dir := directory(t, map[string]string{"index.php": program, "open.php": program})
		config := fmt.Sprintf(apacheConfig, dir, addr, found[1], found[2])
		if os.Getuid() == 0 {
			config += "User www-data\nGroup www-data\n"
		}
		path := filepath.Join(dir, "apache.conf")
		if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		if start(t, "tcp", addr, exec.Command(found[0], "-f", path, "-DFOREGROUND")) {
			return &backend{url: "http://" + addr, network: "tcp", addr: addr, target: "REQUEST_URI=/index.php?q=1\n"}, dir
		}
	}
	t.Fatal("Apache does not start")
	return nil, ""
}

const wsgiDump = `def application(environ, start_response):
    lines = ["%s=%s\n" % (name, value) for name, value in environ.items() if isinstance(value, str)]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["".join(lines).encode("utf-8")]
`

func startGunicorn(t *testing.T) *backend {
	found := need(t, "python3-gunicorn", "/usr/bin/python3", "/usr/lib/python3/dist-packages/gunicorn")
	dir := directory(t, map[string]string{"dump.py": wsgiDump})
	socket := filepath.Join(dir, "socket")
	cmd := exec.Command(found[0], "-B", "-m", "gunicorn", "--bind", "unix:"+socket, "--chdir", dir, "--worker-tmp-dir", dir, "--workers", "1", "dump:application")
	if !start(t, "unix", socket, cmd) {
		t.Fatal("gunicorn does not start")
	}
	return &backend{url: "unix:" + socket, network: "unix", addr: socket, target: "RAW_URI=/index.php?q=1\n"}
}

// uwsgiConfig is what docs/backends.md shows.
const uwsgiConfig = `[uwsgi]
http-socket = %[1]s/socket
plugin = python3
wsgi-file = %[1]s/dump.py
need-app = true
die-on-term = true
`

func startUWSGI(t *testing.T) *backend {
	found := need(t, "uwsgi-plugin-python3", "/usr/bin/uwsgi-core", "/usr/lib/uwsgi/plugins/python3_plugin.so")
	dir := directory(t, map[string]string{"dump.py": wsgiDump})
	path := filepath.Join(dir, "uwsgi.ini")
	if err := os.WriteFile(path, fmt.Appendf(nil, uwsgiConfig, dir), 0o644); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	if !start(t, "unix", socket, exec.Command(found[0], "--plugins-dir", filepath.Dir(found[1]), "--ini", path)) {
		t.Fatal("uwsgi does not start")
	}
	return &backend{url: "unix:" + socket, network: "unix", addr: socket, target: "REQUEST_URI=/index.php?q=1\n"}
}

// nginxConfig lets fields with underscores in, as backends behind nginx that
// need them ask for.
const nginxConfig = `daemon off;
master_process off;
pid %[1]s/pid;
error_log stderr;
events {}
http {
  access_log off;
  underscores_in_headers on;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server {
    listen unix:%[1]s/socket;
    default_type text/plain;
    location / {
      return 200 "HTTP_X_PRINCIPAL_CLIENT_ID=$http_x_principal_client_id
HTTP_X_PRINCIPAL_USER_ID=$http_x_principal_user_id
HTTP_X_PRINCIPAL_SCOPES=$http_x_principal_scopes
HTTP_X_REMOTE_USER=$http_x_remote_user
HTTP_X_TENANT=$http_x_tenant
HTTP_X_PRINCIPAL_ASSERTION=$http_x_principal_assertion
REQUEST_URI=$request_uri
";
    }
  }
}
`

func startNginx(t *testing.T) *backend {
	found := need(t, "nginx-light", "/usr/sbin/nginx")
	dir := directory(t, nil)
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, fmt.Appendf(nil, nginxConfig, dir), 0o644); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	if !start(t, "unix", socket, exec.Command(found[0], "-p", dir, "-c", path, "-e", "stderr")) {
		t.Fatal("nginx does not start")
	}
	return &backend{url: "unix:" + socket, network: "unix", addr: socket, target: "REQUEST_URI=/index.php?q=1\n"}
}
