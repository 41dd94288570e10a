#!/bin/sh
cat <<'J'
{"nodes": {"hosts": ["node1.example"], "vars": {"ansible_user": "root"}},
 "_meta": {"hostvars": {"node1.example": {"ansible_host": "192.0.2.1", "note": "$(touch /tmp/x)\n`id`"}}}}
J
