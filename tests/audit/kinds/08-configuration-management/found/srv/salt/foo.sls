{% if grains['os'] == 'Debian' %}
foo:
  service.running:
    - sig: foo -d
{% endif %}
stop stray ones:
  module.run:
    - name: ps.pkill
    - pattern: {{ pillar['foo'] }}
reload:
  cmd.run:
    - name: pkill -HUP foo
