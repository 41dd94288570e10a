foo:
  service.running:
    - enable: true
