"""Which format and encoding whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_exporters.serving.negotiation import OPENMETRICS, TEXT, content_type, takes_gzip

OPENMETRICS_0 = OPENMETRICS.replace("1.0.0", "0.0.1")
ESCAPED = OPENMETRICS + "; escaping=underscores"

# As the releases send them.
PROMETHEUS_2_20 = (
    "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_2_50_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
    "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;"
    "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8"
    ";q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        pytest.param(PROMETHEUS_2_20, OPENMETRICS_0, id="Prometheus 2.20"),
        pytest.param(PROMETHEUS_2_42, OPENMETRICS, id="Prometheus 2.42"),
        pytest.param(PROMETHEUS_2_50_PROTOBUF, OPENMETRICS, id="Prometheus that likes protobuf"),
        pytest.param(PROMETHEUS_3, ESCAPED, id="Prometheus 3 is told the escaping"),
        pytest.param(FIREFOX, TEXT, id="a browser gets text"),
        pytest.param("*/*", TEXT, id="curl gets text"),
        pytest.param("", TEXT, id="no header gets text"),
        pytest.param("application/openmetrics-text", OPENMETRICS, id="no version is the latest"),
        pytest.param("Application/OpenMetrics-Text;Version=1.0.0", OPENMETRICS, id="any case"),
        pytest.param('application/openmetrics-text; version="1.0.0"', OPENMETRICS, id="quoted"),
        pytest.param("application/openmetrics-text;version=2.0.0", TEXT, id="not yet made"),
        pytest.param("application/openmetrics-text;q=0,*/*", TEXT, id="refused by q=0"),
        pytest.param("application/openmetrics-text;q=0.1,text/plain;q=0.2", TEXT, id="by q-value"),
        pytest.param("text/plain,application/openmetrics-text", TEXT, id="the first of equals"),
        pytest.param("application/openmetrics-text,text/plain", OPENMETRICS, id="or of these"),
        pytest.param("text/plain;q=0,*/*;q=0.5,application/openmetrics-text;q=0.1", OPENMETRICS,
                     id="*/* is not what was refused by name"),
        pytest.param("image/png", TEXT, id="who takes neither gets text"),
        pytest.param("text/plain;q=much,application/openmetrics-text;q=0.1", OPENMETRICS,
                     id="a broken q-value says nothing"),
        pytest.param(";;;,,,=;q=", TEXT, id="garbage"),
    ],
)  # fmt: skip
def test_format(accept: str, answer: str) -> None:
    assert content_type(accept) == answer


@pytest.mark.parametrize(
    ("header", "yes"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, *", False),
        ("*", True),
        ("*;q=0", False),
        ("deflate, br", False),
        ("identity", False),
        ("", False),
        ("xgzip", False),
        ("gzip;q=2", False),
    ],
)
def test_encoding(header: str, yes: bool) -> None:
    assert takes_gzip(header) is yes


@given(st.text())
def test_whatever_is_sent_is_answered_with_a_format_of_ours(header: str) -> None:
    assert content_type(header).startswith(("text/plain", "application/openmetrics-text"))
    takes_gzip(header)
