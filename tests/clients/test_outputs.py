"""What `status --all` prints for monitoring systems, spreadsheets and calendars, read by other people's parsers."""

import csv
import io
import json
import os
import subprocess

import icalendar
import pytest
from prometheus_client.parser import text_string_to_metric_families

#: Names that a parser could take for something else.
NAMES = ["=cmd|' /C calc'!A0", '+1,"two"; three\\', "@x\\n", "Größe {a=\"b\"} ü€", "-1", "a\\,b;c:d"]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    environments = {"uat": {"policy": "ep-contoso-cmk"}}
    for number, name in enumerate(NAMES):
        environments[f"odd-{number}"] = {"name": name, "policy": "ep-contoso-cmk", "location": "europe", "region": "westeurope", "sku": "Sandbox", "managed": True, "domain": f"odd-{number}"}
    policy = {"vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe", "granted": True}
    file = tmp_path_factory.mktemp("outputs") / "scenario.json"
    file.write_text(json.dumps({"summary": "Odd names.", "environments": environments, "policies": {"ep-contoso-cmk": policy}}))
    return file


def printed(scenario, output):
    words = ["status", "--all", "--quiet", "--sandbox", "--scenario", scenario, "--output", output]
    ran = subprocess.run([os.environ["CMKCTL"], *words], capture_output=True, check=True)
    return ran.stdout


def environments(scenario):
    return json.loads(printed(scenario, "json"))["environments"]


def test_prometheus_reads_every_name(scenario):
    families = {one.name: one for one in text_string_to_metric_families(printed(scenario, "prometheus").decode())}
    wanted = {(one["id"], one["name"]) for one in environments(scenario)}
    assert set(NAMES) <= {name for _, name in wanted}
    for name in ("cmkctl_environment_info", "cmkctl_environment_locked", "cmkctl_environment_not_visible"):
        found = {(one.labels["environment_id"], one.labels["environment"]) for one in families[name].samples}
        assert found == wanted, name
    assert len(families["cmkctl_key_expiry_seconds"].samples) == 1
    assert all(one.documentation.endswith(".") and one.type == "gauge" for one in families.values())


def test_csv_reads_every_name_and_none_is_a_formula(scenario):
    text = printed(scenario, "csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["name"].removeprefix("'") for row in rows} == {one["name"] for one in environments(scenario)}
    assert [row["id"] for row in rows] == [one["id"] for one in environments(scenario)]
    for row in rows:
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row.values()), row


def test_a_calendar_reads_every_date(scenario):
    calendar = icalendar.Calendar.from_ical(printed(scenario, "ics"))
    events = calendar.walk("VEVENT")
    assert not calendar.errors and not [one for event in events for one in event.errors]
    assert len({str(event["UID"]) for event in events}) == len(events) == 2
    end = next(event for event in events if "expires" in str(event["SUMMARY"]))
    expires = {one["key_expires"] for one in environments(scenario) if one["key_expires"]}
    assert {end.start.strftime("%Y-%m-%dT%H:%M:%SZ")} == {day.split(".")[0].rstrip("Z") + "Z" for day in expires}
    assert [str(alarm["TRIGGER"].to_ical(), "ascii") for alarm in end.walk("VALARM")] == ["-P60D", "-P30D", "-P7D"]
    # The first names of the environments, as they are.
    assert any(name in str(end["DESCRIPTION"]) for name in NAMES)


def test_a_calendar_reads_the_change_windows():
    words = ["plan", "examples/wanted.toml", "--quiet", "--sandbox", "--scenario", "ready", "--output", "ics"]
    ran = subprocess.run([os.environ["CMKCTL"], *words], capture_output=True, check=True)
    (window,) = icalendar.Calendar.from_ical(ran.stdout).walk("VEVENT")
    assert window["RRULE"] == {"FREQ": ["WEEKLY"]}
    assert (window.start.strftime("%a %H:%M"), window.end.strftime("%a %H:%M")) == ("Sat 22:00", "Sun 06:00")
