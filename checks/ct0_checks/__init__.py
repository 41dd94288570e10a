"""Container-aware Nagios and Icinga plugins, one module a plugin."""
