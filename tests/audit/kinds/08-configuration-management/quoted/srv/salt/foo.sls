# foo: {service.running: [{sig: foo}]}
/etc/motd:
  file.managed:
    - contents: "ps.pkill foo"
