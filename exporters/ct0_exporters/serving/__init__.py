"""Serving: HTTP and HTTPS, in the manner of Prometheus' exporters.

    from ct0_exporters.serving.options import add_web_options      # argparse, nothing heavy
    from ct0_exporters.serving.server import serve                 # aiohttp, bcrypt, PyYAML
    from ct0_exporters.serving.application import Page, Reply      # for pages
    from ct0_exporters.serving.web_config_file import check_web_config

    status = serve(exporter.metrics, parser.parse_args(), page, exporter.options.collectors)

Nothing is imported here: `ct0-exporter once` needs no server.
"""
