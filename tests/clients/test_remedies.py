"""Every command of the Azure CLI that cmkctl prints helps, as it is printed: what is in the tables is run, and nothing is printed that is not there."""

import re
import shlex

import pytest
from remedies import EXPLAINED, FOUND, LEFT_OUT, Remedy, blanks, commands, shape, verbs, written
from tenant import Tenant

REMEDIES = [*FOUND, *EXPLAINED]
BUILT_IN = ["ready", "fresh", "access-policy-vault", "managed-hsm", "not-integrated", "messy", "expiring", "locked", "inherited-grants"]
#: The names of those that worked.
WORKED = set()


@pytest.fixture(scope="module")
def tenant():
    tenant = Tenant()
    yield tenant
    tenant.stop()


def known(tenant: Tenant):
    admin, observer = (tenant.users[name]["object_id"] for name in ("admin", "observer"))
    return {
        "group": tenant.group, "policy": tenant.policy, "tenant": tenant.id, "admin": admin, "observer": observer, "person": "admin@contoso.onmicrosoft.com",
    }


def findings(tenant: Tenant, remedy: Remedy, run):
    document, said = tenant.cmkctl(*(word.format(**known(tenant)) for word in run), user=remedy.user)
    document = document.get("plan", document)
    assert "findings" in document, (document, said)
    return document["findings"]


def is_blank(word):
    return re.fullmatch(r"[A-Z]+(_[A-Z]+)*", word) and word not in ("RSA", "PT8H")


def filled(tenant: Tenant, remedy: Remedy, command):
    """The words of a command without its first. A blank is a whole word, or has several parts."""
    values = {**blanks(tenant), **remedy.fill}
    words = shlex.split(command)[1:]
    for blank, value in values.items():
        if blank not in command:
            continue
        value = value.format(**known(tenant))
        # Of an id that is looked up, the last part is meant.
        values[blank] = tenant.az(*value[1:].split()).rsplit("/keys/cmk-contoso/", 1)[-1] if value.startswith("@") else value
    words = [values.get(word, word) for word in words]
    words = [re.sub(r"[A-Z]+(?:_[A-Z]+)+", lambda found: values.get(found[0], found[0]), word) for word in words]
    assert not any(is_blank(word) for word in words), words
    return words


def standing_in_the_way(found):
    """What blocks, and what is not known; why that is so may change."""
    blocks = {(one["code"], one["message"]) for one in found if one["severity"] == "block"}
    return blocks | {(one["code"], one["subject"]) for one in found if one["severity"] in ("unknown", "not-visible")}


def shows(tenant: Tenant, remedy: Remedy, words):
    words = ["json" if word == "table" else word for word in words]
    shown = str(tenant.az(*words)).replace("'", '"')
    assert remedy.looks.format(**known(tenant)) in shown, shown


@pytest.mark.parametrize("remedy", FOUND, ids=lambda remedy: remedy.name)
def test_a_finding_goes_by_its_own_command(tenant, remedy):
    tenant.begin(remedy.tenant, faults=list(remedy.faults))
    before = findings(tenant, remedy, remedy.run)
    having = [(one, command) for one in before if one["code"] == remedy.code for command in commands(one["remedy"]) if shape(command) == remedy.shape]
    assert having, before
    tenant.ask("POST", "/_sandbox/faults", [])
    tenant.az_as(remedy.az_user)
    for _, command in having:
        # Where cmkctl knows a value, it says it.
        assert {word for word in shlex.split(command) if is_blank(word)} <= set(remedy.fill), command
        words = filled(tenant, remedy, command)
        if remedy.looks is None:
            tenant.az(*words)
        else:
            shows(tenant, remedy, words)
    if remedy.looks is None:
        # Roles and registrations take their time.
        tenant.wait(10)
        after = findings(tenant, remedy, remedy.again or remedy.run)
        gone = {(one["code"], one["message"]) for one, _ in having}
        assert not gone & {(one["code"], one["message"]) for one in after}
        assert not {new for new in standing_in_the_way(after) - standing_in_the_way(before) if new[0] not in remedy.brings}
    WORKED.add(remedy.name)


@pytest.mark.parametrize("remedy", EXPLAINED, ids=lambda remedy: remedy.name)
def test_an_explained_command_does_what_it_is_for(tenant, remedy):
    tenant.begin(remedy.tenant, faults=[])
    document, _ = tenant.cmkctl("explain", remedy.code)
    (text,) = (one["fix"] for one in document["codes"] + document["service_codes"])
    (command,) = (one for one in commands(text) if shape(one) == remedy.shape)
    tenant.az_as(remedy.az_user)
    if remedy.looks is not None:
        shows(tenant, remedy, filled(tenant, remedy, command))
    else:
        before = findings(tenant, remedy, remedy.run)
        assert any(one["code"] == remedy.code for one in before), before
        tenant.az(*filled(tenant, remedy, command))
        tenant.wait(10)
        after = findings(tenant, remedy, remedy.again or remedy.run)
        assert not any(one["code"] == remedy.code for one in after), after
        assert not standing_in_the_way(after) - standing_in_the_way(before)
    WORKED.add(remedy.name)


def test_nothing_is_printed_that_is_not_in_a_table(tenant):
    tried = {remedy.shape for remedy in REMEDIES}
    document, _ = tenant.cmkctl("explain")
    printed = {command: one["code"] for one in document["codes"] + document["service_codes"] for command in commands(one["fix"])}
    for scenario in BUILT_IN:
        tenant.begin(scenario, faults=[])
        found = tenant.cmkctl("check")[0]["findings"]
        printed.update({command: scenario for one in found for command in commands(one["remedy"])})
    new = {where: command for command, where in printed.items() if shape(command) not in tried and verbs(shape(command)) not in LEFT_OUT}
    assert not new, "a command that no test runs"
    # What stands in the source and is printed elsewhere: in errors, hand-overs and exports.
    tried = {verbs(shape) for shape in tried}
    new = {(file, words) for file, words in written() if words not in tried and words not in LEFT_OUT}
    assert not new, "a command that no test runs"
    never = {words for words in LEFT_OUT if words not in {words for _, words in written()}}
    assert not never, "left out, and printed nowhere"


def test_the_total_is_printed(capsys):
    with capsys.disabled():
        print(f"\n{len(REMEDIES)} remedies by az, {len(WORKED)} work")
