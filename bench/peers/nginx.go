//go:build linux

package main

import (
	"fmt"
	"os/exec"

	"scopegate/bench/load"
	"scopegate/bench/proc"
)

// nginxConf has one worker, no log, and keep-alive on both sides without end.
const nginxConf = `daemon off;
worker_processes 1;
pid %[1]s/nginx-%[2]s.pid;
error_log %[1]s/nginx-%[2]s-error.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %[1]s/nginx-%[2]s-body;
  proxy_temp_path %[1]s/nginx-%[2]s-proxy;
  fastcgi_temp_path %[1]s/nginx-%[2]s-fastcgi;
  uwsgi_temp_path %[1]s/nginx-%[2]s-uwsgi;
  scgi_temp_path %[1]s/nginx-%[2]s-scgi;
  keepalive_requests 1000000000;
  upstream fixed { server %[3]s; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen %[4]s;
    location / {
      %[5]s
      proxy_pass http://fixed;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
    location = /ask {
      internal;
      proxy_pass http://fixed%[6]s;
      proxy_pass_request_body off;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
    }
  }
}
`

// nginx adds nginx's plain proxy_pass, and the same with auth_request to a
// service that knows the tokens and answers with an empty body.
func (m *measurement) nginx() error {
	binary, err := exec.LookPath("nginx")
	if err != nil {
		m.lack(nginxPlain+", "+nginxAuth, err)
		return nil
	}
	m.version(binary, "-v")
	start := func(name, short, guard string) (*proc.Process, string, error) {
		addr, err := m.stage.Address()
		if err != nil {
			return nil, "", err
		}
		conf, err := m.stage.Write("nginx-"+short+".conf", fmt.Sprintf(nginxConf, m.stage.Dir, short, m.hand.Upstream, addr, guard, load.AuthPath))
		if err != nil {
			return nil, "", err
		}
		p, err := m.stage.Start(proc.Spec{Name: name, Core: m.o.proxyCore, Args: []string{binary, "-p", m.stage.Dir, "-c", conf}})
		if err != nil {
			return nil, "", err
		}
		return p, addr, m.stage.Await(p, addr)
	}
	p, addr, err := start(nginxPlain, "plain", "")
	if err != nil {
		return err
	}
	m.add(&subject{
		name: nginxPlain, checks: "nothing", process: p, addr: addr, requests: get(m.path, m.known),
		status: 200, length: load.BodyLength, fixed: true, verify: plain(m.path, m.known[0]),
	})
	p, addr, err = start(nginxAuth, "auth", "auth_request /ask;")
	if err != nil {
		return err
	}
	m.add(&subject{
		name: nginxAuth, checks: "asks a service", process: p, addr: addr, requests: get(m.path, m.known),
		status: 200, length: load.BodyLength, fixed: true, verify: guarded(m.path, m.known[0], "nobody"),
	})
	return nil
}
