package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"scopegate/gateway/gatewaytest"
)

// tomcatServer has one connector, on a Unix socket, and no shutdown port.
const tomcatServer = `<Server port="-1">
  <Service name="Catalina">
    <Connector protocol="org.apache.coyote.http11.Http11NioProtocol" unixDomainSocketPath="%s" maxThreads="4" minSpareThreads="1"/>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" autoDeploy="false" startStopThreads="1"/>
    </Engine>
  </Service>
</Server>
`

// tomcatDescriptor lets the dump answer for both paths, and below /cgi programs
// that are run with what CGI makes of the fields.
const tomcatDescriptor = `<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
  <servlet>
    <servlet-name>jsp</servlet-name>
    <servlet-class>org.apache.jasper.servlet.JspServlet</servlet-class>
  </servlet>
  <servlet>
    <servlet-name>dump</servlet-name>
    <jsp-file>/dump.jsp</jsp-file>
  </servlet>
  <servlet>
    <servlet-name>cgi</servlet-name>
    <servlet-class>org.apache.catalina.servlets.CGIServlet</servlet-class>
    <init-param><param-name>cgiPathPrefix</param-name><param-value>WEB-INF/cgi</param-value></init-param>
    <init-param><param-name>executable</param-name><param-value>/bin/sh</param-value></init-param>
    <init-param><param-name>envHttpHeaders</param-name><param-value>.*</param-value></init-param>
  </servlet>
  <servlet-mapping>
    <servlet-name>cgi</servlet-name>
    <url-pattern>/cgi/*</url-pattern>
  </servlet-mapping>
  <servlet-mapping>
    <servlet-name>dump</servlet-name>
    <url-pattern>/index.php</url-pattern>
    <url-pattern>/open.php</url-pattern>
  </servlet-mapping>
</web-app>
`

// servletDump tells all fields as they came, those that are asked for by the
// name that an application would use, and what the wrapper of docs/backends.md
// makes of them.
const servletDump = `<%@ page contentType="text/plain; charset=UTF-8" %><%
java.util.Enumeration<String> names = request.getHeaderNames();
while (names.hasMoreElements()) {
  String name = names.nextElement();
  java.util.Enumeration<String> values = request.getHeaders(name);
  while (values.hasMoreElements()) out.println("header " + name + "=" + values.nextElement());
}
for (String name : new String[] {"X-Principal-Client-Id", "X-Principal-Scopes", "X-Principal-Assertion", "X-Remote-User", "X-Tenant"}) {
  String value = request.getHeader(name);
  if (value != null) out.println("HTTP_" + name.toUpperCase().replace('-', '_') + "=" + value);
}
String client = request.getHeader("X-Principal-Client-Id");
jakarta.servlet.http.HttpServletRequest wrapped = new jakarta.servlet.http.HttpServletRequestWrapper(request) {
  @Override public String getRemoteUser() { return client; }
};
out.println("getRemoteUser=" + wrapped.getRemoteUser());
out.println("getRequestURI=" + request.getRequestURI());
%>`

// cgiDump is a program of /cgi.
const cgiDump = `printf 'Content-Type: text/plain\n\n'
env
`

// startTomcat returns the servlet and the programs that one Tomcat runs.
func startTomcat(t *testing.T) (servlet, cgi *backend) {
	found := need(t, "tomcat10-common and default-jre-headless", "/usr/share/tomcat10/bin/bootstrap.jar", "/usr/share/tomcat10/bin/tomcat-juli.jar", "/usr/bin/java")
	dir := directory(t, nil)
	socket := filepath.Join(dir, "socket")
	for name, content := range map[string]string{
		"conf/server.xml":                    fmt.Sprintf(tomcatServer, socket),
		"conf/web.xml":                       `<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0"/>`,
		"webapps/ROOT/WEB-INF/web.xml":       tomcatDescriptor,
		"webapps/ROOT/META-INF/context.xml":  `<Context privileged="true"/>`, // which the CGI servlet asks for
		"webapps/ROOT/WEB-INF/cgi/index.php": cgiDump,
		"webapps/ROOT/WEB-INF/cgi/open.php":  cgiDump,
		"webapps/ROOT/dump.jsp":              servletDump,
		"temp/empty":                         "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(found[2], "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", found[0]+":"+found[1],
		"-Dcatalina.home=/usr/share/tomcat10", "-Dcatalina.base="+dir, "-Djava.io.tmpdir="+filepath.Join(dir, "temp"),
		"org.apache.catalina.startup.Bootstrap", "start")
	if !start(t, "unix", socket, cmd) {
		t.Fatal("Tomcat does not start")
	}
	url := "unix:" + socket
	return &backend{url: url, network: "unix", addr: socket, target: "getRemoteUser=" + string(gatewaytest.Alice) + "\ngetRequestURI=/index.php\n"},
		&backend{url: url, network: "unix", addr: socket, prefix: "/cgi", target: "REQUEST_URI=/cgi/index.php\n"}
}
