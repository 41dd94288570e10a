"""CT0 and its containers as configuration for Nagios, Icinga 2, NRPE, Checkmk and the Director.

`ct0 monitoring generate` writes what changes from host to host: hosts, services, dependencies.
`ct0 monitoring definitions` writes what does not: commands and templates, made from the plugins'
own options; checks/{nagios,icinga2,nrpe,checkmk,director} hold them ready made.
"""
