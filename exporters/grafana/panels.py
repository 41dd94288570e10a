"""Panels and dashboards as this folder's modules write them down, and Grafana's JSON of them."""

from __future__ import annotations

from typing import Any, NamedTuple

Json = dict[str, Any]

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
HOST = 'job=~"$job",instance=~"$instance"'
CT = 'job=~"$job",instance=~"$instance",engine=~"$engine",ctid=~"$ctid"'
NOT_CT0 = 'job=~"$job",instance=~"$instance",ctid!="0"'
BUSY = 'mode!~"idle|iowait|steal"'
NAME = "{{name}} ({{engine}})"
AT = "{{name}} @ {{instance}}"
INTERVAL = "[$__rate_interval]"

# Green, then these from these values on.
Steps = tuple[tuple[float, str], ...]
NONE: Steps = ()
FULL: Steps = ((0.8, "yellow"), (0.9, "red"))
WAITING: Steps = ((0.2, "yellow"), (0.5, "red"))
ANY: Steps = ((1, "red"),)


class Panel(NamedTuple):
    """`queries`: PromQL -> legend. `kind` is Grafana's."""

    title: str
    about: str
    queries: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 12
    height: int = 8
    stacked: bool = False
    steps: Steps = NONE
    most: float | None = None  # of the axis
    columns: tuple[tuple[str, str, str], ...] = ()  # of a table: title, unit, Steps' name


class Row(NamedTuple):
    title: str
    panels: tuple[Panel, ...]


class Dashboard(NamedTuple):
    uid: str
    title: str
    about: str
    variables: tuple[Json, ...]
    rows: tuple[Row, ...]


def rate(metric: str, labels: str) -> str:
    return f"rate({metric}{{{labels}}}{INTERVAL})"


def variable(name: str, label: str, query: str, *, many: bool = True) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "refresh": 2,  # when the time range changes: containers come and go
        "sort": 3,  # numbers as numbers
        "multi": many,
        "includeAll": many,
        "allValue": ".*" if many else None,
        "current": {"text": "All", "value": "$__all"} if many else {},
        "options": [],
        "hide": 0,
    }


JOB = variable("job", "Job", "label_values(ct_exporter_build_info, job)")
INSTANCES = 'label_values(ct_exporter_build_info{job=~"$job"}, instance)'
ENGINES = f"label_values(ct_state{{{HOST}}}, engine)"
CTIDS = f'label_values(ct_state{{{HOST},engine=~"$engine"}}, ctid)'


def rendered(dashboard: Dashboard) -> Json:
    """The dashboard in Grafana's JSON, schema 38 (Grafana 10), which later ones migrate."""
    source = {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "current": {},
        "options": [],
        "hide": 0,
    }
    others = ["ct0-fleet", "ct0-host", "ct0-container"]
    return {
        "id": None,
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.about,
        "tags": ["ct0", "containers"],
        "schemaVersion": 38,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,  # one crosshair for all panels
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "",
        "annotations": {"list": []},
        "links": [
            {
                "title": other.partition("-")[2].capitalize(),
                "type": "link",
                "url": f"/d/{other}",
                "includeVars": True,
                "keepTime": True,
            }
            for other in others
            if other != dashboard.uid
        ],
        "templating": {"list": [source, *dashboard.variables]},
        "panels": laid_out(dashboard.rows),
    }


def laid_out(rows: tuple[Row, ...]) -> list[Json]:
    """Left to right in 24 columns, each row below its title."""
    panels: list[Json] = []
    top = 0
    for row in rows:
        place = {"h": 1, "w": 24, "x": 0, "y": top}
        panels.append(
            {
                "id": len(panels) + 1,
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "gridPos": place,
                "panels": [],
            }
        )
        top += 1
        left = tallest = 0
        for panel in row.panels:
            if left + panel.width > 24:
                top, left, tallest = top + tallest, 0, 0
            place = {"h": panel.height, "w": panel.width, "x": left, "y": top}
            panels.append(drawn(panel, len(panels) + 1, place))
            left += panel.width
            tallest = max(tallest, panel.height)
        top += tallest
    return panels


def drawn(panel: Panel, number: int, place: Json) -> Json:
    table, instant = panel.kind == "table", panel.kind != "timeseries"
    colour = "thresholds" if panel.steps or panel.kind == "stat" else "palette-classic"
    custom: Json = {}
    if panel.kind == "timeseries":
        colour = "palette-classic"
        custom = {
            "fillOpacity": 30 if panel.stacked else 5,
            "lineWidth": 1,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"group": "A", "mode": "normal" if panel.stacked else "none"},
            "thresholdsStyle": {"mode": "dashed" if panel.steps else "off"},
        }
    defaults: Json = {
        "unit": panel.unit,
        "color": {"mode": colour},
        "custom": custom,
        "thresholds": thresholds(panel.steps),
        "noValue": "none",
    }
    if panel.most is not None:
        defaults |= {"min": 0, "max": panel.most}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": DATASOURCE,
        "gridPos": place,
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": DATASOURCE,
                "editorMode": "code",
                "expr": query,
                "legendFormat": legend,
                "instant": instant,
                "range": not instant,
                "format": "table" if table else "time_series",
            }
            for index, (query, legend) in enumerate(panel.queries.items())
        ],
        "fieldConfig": {"defaults": defaults, "overrides": overrides(panel)},
        "options": OPTIONS[panel.kind],
        "transformations": joined(panel) if table else [],
    }


OPTIONS: dict[str, Json] = {
    "timeseries": {
        "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["mean", "max", "last"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "colorMode": "value",
        "graphMode": "none",
        "textMode": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    },
    "gauge": {
        "showThresholdMarkers": True,
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    },
    "table": {"showHeader": True, "sortBy": [{"displayName": "CPU", "desc": True}]},
}


def thresholds(steps: Steps) -> Json:
    levels: list[Json] = [{"color": "green", "value": None}]
    levels += [{"color": colour, "value": value} for value, colour in steps]
    return {"mode": "absolute", "steps": levels}


def overrides(panel: Panel) -> list[Json]:
    """A unit and thresholds for each column of a table."""
    known = {"FULL": FULL, "NONE": NONE}
    found = []
    for title, unit, steps in panel.columns:
        properties: list[Json] = [{"id": "unit", "value": unit}]
        if known[steps]:
            properties.append({"id": "thresholds", "value": thresholds(known[steps])})
            properties.append(
                {"id": "custom.cellOptions", "value": {"type": "gauge", "mode": "basic"}}
            )
            properties += [{"id": "min", "value": 0}, {"id": "max", "value": 1}]
        found.append({"matcher": {"id": "byName", "options": title}, "properties": properties})
    return found


def joined(panel: Panel) -> list[Json]:
    """The table's queries as its columns, a line for each host."""
    names = {f"Value #{chr(ord('A') + n)}": column[0] for n, column in enumerate(panel.columns)}
    return [
        {"id": "joinByField", "options": {"byField": "instance", "mode": "outer"}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {
                    f"{name} {n}": True for name in ("Time", "job") for n in range(1, 5)
                },
                "renameByName": {"instance": "Host", **names},
            },
        },
    ]
