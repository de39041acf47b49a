import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.command_parser import (
    VERBS,
    CommandError,
    button_command,
    button_identifier,
    is_immediate,
    parse_command,
    trigger_line,
)
from bot.domain.commands import (
    Ask,
    Command,
    Cover,
    Dismiss,
    DismissReason,
    Explain,
    Fix,
    Help,
    Ignore,
    Implement,
    Pause,
    Policy,
    PolicyView,
    Reject,
    Resume,
    Review,
    ShowConfig,
    Status,
    Stop,
    Test,
    Undo,
    Unmute,
    Why,
)
from bot.domain.findings import FindingId

F1, F2 = FindingId("F1"), FindingId("F2")

TABLE: dict[str, Command] = {
    "review": Review(),
    "review full": Review(is_full=True),
    "fix": Fix(),
    "fix all": Fix(),
    "fix F1 f2 F1": Fix((F1, F2)),
    "fix --pr": Fix(is_stacked=True),
    "fix F1 --pr": Fix((F1,), is_stacked=True),
    "fix F1 revert": Fix((F1,), is_revert=True),
    "test": Test(),
    "implement a retry, with tests": Implement("a retry, with tests"),
    "cover": Cover(),
    "ask why is this slow?": Ask("why is this slow?"),
    "ask warum ist das so träge?": Ask("warum ist das so träge?"),
    "explain F1": Explain(F1),
    "dismiss F1": Dismiss(F1),
    "dismiss F1 out-of-scope": Dismiss(F1, DismissReason.OUT_OF_SCOPE),
    "dismiss F1 wrong": Dismiss(F1, DismissReason.WRONG),
    "reject": Reject(),
    "undo": Undo(),
    "stop": Stop(),
    "pause": Pause(),
    "resume": Resume(),
    "ignore": Ignore(),
    "unmute E711": Unmute("E711"),
    "unmute py-mutable-default": Unmute("py-mutable-default"),
    "status": Status(),
    "why": Why(),
    "config": ShowConfig(),
    "policy show": Policy(PolicyView.SHOW),
    "policy explain": Policy(PolicyView.EXPLAIN),
    "policy rollback": Policy(PolicyView.ROLLBACK),
    "help": Help(),
    "": Help(),
}
"""Every command; `ask` and `implement` take words in any language."""

REFUSED = (
    "paint",
    "Fix",
    "fix it",
    "fix F0",
    "fix F1,F2",
    "fix F12345",
    "fix revert",
    "fix all revert",
    "fix all F1",
    "fix revert F1",
    "fix --base_url=http://evil --model=x --token y",
    "fix --PR",
    "review --model=x",
    "review all",
    "test --command=rm",
    "dismiss",
    "dismiss F1 F2",
    "dismiss F1 because",
    "dismiss wrong",
    "explain",
    "ask",
    "implement  ",
    "policy",
    "policy delete",
    "unmute",
    "unmute E711 E712",
    f"unmute {'x' * 101}",
    "config set fail_on=none",
    "stop now",
    "help me",
    "f\u0456x",
    "fix \uff261",
    "fix F1\u2003F2",
    "review full\u200b",
    "ask what\u202e is this",
    " ".join(["fix", *(f"F{i}" for i in range(1, 52))]),
)


@pytest.mark.parametrize(("words", "command"), TABLE.items())
@pytest.mark.parametrize("prefix", ["/agent", "@pullwright"])
def test_the_table_of_commands_holds(prefix: str, words: str, command: Command) -> None:
    assert parse_command(f"{prefix} {words}\r\nThank you.") == command


def test_every_verb_is_in_the_table() -> None:
    assert {words.split()[0] for words in TABLE if words} == VERBS


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_not_in_the_table_is_refused(words: str) -> None:
    with pytest.raises(CommandError):
        parse_command(f"/agent {words}")


def test_a_reason_that_is_none_is_answered_with_those_that_are() -> None:
    with pytest.raises(CommandError, match="because as a reason, only one of: wrong, style, noise"):
        parse_command("/agent dismiss F1 because")


def test_an_unknown_verb_names_the_nearest() -> None:
    with pytest.raises(CommandError, match="unknown command: reviwe; did you mean review"):
        parse_command("/agent reviwe")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "> /agent fix",
        ">/agent fix",
        " /agent fix",
        "    /agent fix",
        "```\n/agent fix\n```",
        "`/agent fix`",
        "<!-- /agent fix -->",
        "<!--\n/agent fix\n-->",
        "\n/agent fix",
        "Please run\n/agent fix",
        "please /agent fix",
        "/agentfix",
        "/AGENT fix",
        "/agent\u00a0fix",
        "/agent\u2028fix",
        "\ufeff/agent fix",
        "\u200b/agent fix",
        "/\u0430gent fix",
        "@pullwright-bot fix",
        "@pullwright's fix is good",
        "/agent ask " + "x" * 3000,
        "/agent fix\n<!-- pullwright:v1 kind=reply head=a run=b s=- d=- -->",
    ],
)
def test_what_is_no_first_line_for_us_never_runs(body: str) -> None:
    assert parse_command(body) is None


def test_a_repository_may_choose_another_first_word() -> None:
    assert parse_command("/mend fix", prefix="/mend") == Fix()
    assert parse_command("/agent fix", prefix="/mend") is None
    assert parse_command("@pullwright fix", prefix="/mend") == Fix()


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("fix", Fix((F2,))),
        ("fix all", Fix()),
        ("fix F1", Fix((F1,))),
        ("fix revert", Fix((F2,), is_revert=True)),
        ("explain", Explain(F2)),
        ("dismiss", Dismiss(F2)),
        ("dismiss noise", Dismiss(F2, DismissReason.NOISE)),
        ("review", Review()),
    ],
)
def test_in_the_thread_of_a_finding_a_command_means_that_finding(
    words: str, command: Command
) -> None:
    assert parse_command(f"/agent {words}", thread_finding=F2) == command


@pytest.mark.parametrize(
    ("name", "command"),
    [("fix", Fix()), ("rerun", Review(is_full=True)), ("dismiss", Reject())],
)
def test_a_button_does_what_its_command_does(name: str, command: Command) -> None:
    identifier = button_identifier(name, 2**27)

    assert button_command(identifier) == button_command(name) == command
    assert len(identifier) <= 20


@pytest.mark.parametrize("identifier", ["", "lgtm|26764", "fix#", "fix#0", "fix --pr", "stop", "F"])
def test_a_button_of_another_kind_is_refused(identifier: str) -> None:
    with pytest.raises(CommandError, match="unknown button"):
        button_command(identifier)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("/agent fix  F1 \r\nmore", "/agent fix  F1"),
        ("@pullwright hello there", "@pullwright hello there"),
        ("/agent", "/agent"),
        ("/mend\tfix", "/mend fix"),
        ("/lgtm", None),
        ("/assign @somebody", None),
        ("/retest fix", "/retest fix"),
        ("@somebody please look", None),
        ("> /agent fix", None),
        ("/agent ask \ud800", None),
        ("/agent ask \x00", None),
    ],
)
def test_only_lines_that_may_be_for_us_reach_the_queue(body: str, line: str | None) -> None:
    assert trigger_line(body) == line


@pytest.mark.parametrize(
    ("line", "is_now"),
    [
        ("/agent stop", True),
        ("/agent status", True),
        ("/agent paint", True),
        ("/agent fix", False),
        ("/agent explain", False),
        ("/mend review full", False),
    ],
)
def test_stop_does_not_wait_for_what_it_stops(line: str, is_now: bool) -> None:
    assert is_immediate(line) is is_now


def _outcome(body: str) -> Command | str | None:
    try:
        return parse_command(body)
    except CommandError as error:
        return str(error)


@settings(deadline=None)
@given(st.text() | st.text().map("/agent {}".format) | st.text().map("@pullwright {}".format))
def test_no_text_breaks_the_parser(body: str) -> None:
    outcome = _outcome(body)

    if isinstance(outcome, str):
        assert outcome.isascii()
        assert outcome.isprintable()


@settings(deadline=None)
@given(
    st.sampled_from([*TABLE, *REFUSED]),
    st.sampled_from(["> ", ">", "    ", "```\n", "> > ", "<!-- ", "- ", "\n", "x\n", "`", "\t"]),
    st.text(),
)
def test_quoting_a_command_never_runs_it(words: str, quote: str, after: str) -> None:
    assert parse_command(f"{quote}/agent {words}\n{after}") is None


@settings(deadline=None)
@given(st.sampled_from(list(TABLE)), st.text(st.characters(exclude_characters="\r")))
def test_later_lines_change_nothing(words: str, after: str) -> None:
    body = f"/agent {words}\n{after}"

    assert "<!-- pullwright:" in after or _outcome(body) == TABLE[words]


@settings(deadline=None)
@given(st.text() | st.text().map("/agent ask {}".format))
def test_what_reaches_the_queue_can_be_stored_and_means_the_same_there(body: str) -> None:
    line = trigger_line(body)

    if line is not None:
        line.encode("utf-8")
        assert "\0" not in line
        assert "\n" not in line
        assert _outcome(line) == _outcome(body)
