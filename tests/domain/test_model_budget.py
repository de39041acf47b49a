from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.model import Price, Spending, Usage
from bot.domain.model_budget import Admission, Allowance, Demand, Purse, demand

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other things."""

PRICE = Price(1.0, 3.0)


def call(prompt: int, reply: int) -> Demand:
    return demand(
        prompt_tokens=prompt, request_bytes=prompt * 4, max_reply_tokens=reply, price=PRICE
    )


def paid(tokens: int) -> Spending:
    usage = Usage(tokens, 0)
    return Spending(usage, PRICE.usd(usage))


CALLS = st.lists(
    st.tuples(
        st.builds(call, st.integers(1, 3000), st.integers(1, 1000)),
        st.floats(0, 1),  # of the worst case
        st.integers(0, 5),  # which of those that are out comes back first
    ),
    max_size=40,
)


@UNHURRIED
@given(calls=CALLS, tokens=st.integers(0, 30_000), usd=st.floats(0, 0.05))
def test_no_run_goes_over_its_budget_by_more_than_one_call(
    calls: list[tuple[Demand, float, int]], tokens: int, usd: float
) -> None:
    purse, out, dearest = Purse(Allowance(tokens, usd)), list[tuple[Demand, Spending]](), 0

    def come_back(which: int) -> None:
        nonlocal purse
        wanted, spending = out.pop(which % len(out))
        purse = purse.settled(wanted, spending)

    for wanted, share, which in calls:
        while purse.admission(wanted) is Admission.WAIT:
            come_back(which)
        if purse.admission(wanted) is Admission.GO:
            used = int(wanted.worst_tokens * share)
            dearest = max(dearest, used)
            out.append((wanted, paid(used)))
            purse = purse.taken(wanted)
    while out:
        come_back(0)

    assert purse.spent.usage.tokens <= tokens + dearest
    assert purse.spent.usd <= usd + PRICE.usd(Usage(dearest, 0)) + 1e-9


@UNHURRIED
@given(wanted=st.builds(call, st.integers(1, 3000), st.integers(1, 1000)))
def test_a_call_that_would_go_over_is_refused_before_it_is_made(wanted: Demand) -> None:
    purse = Purse(Allowance(wanted.likely_tokens - 1, 1000.0))

    assert purse.admission(wanted) is Admission.NO
    assert f"the next call would need about {wanted.likely_tokens:,}" in purse.refusal(wanted)


@UNHURRIED
@given(text=st.text(max_size=300), reply=st.integers(1, 1000))
def test_no_tokenizer_makes_more_of_a_prompt_than_its_worst_case(text: str, reply: int) -> None:
    size = len(text.encode("utf-8", "replace"))
    wanted = demand(
        prompt_tokens=-(-size // 4), request_bytes=size, max_reply_tokens=reply, price=PRICE
    )

    assert wanted.worst_tokens >= size + reply
    assert wanted.worst_usd >= PRICE.usd(Usage(size, reply))
    assert wanted.likely_tokens == -(-size // 4) + reply


def test_nobody_waits_for_a_call_that_is_not_out() -> None:
    wanted = call(100, 100)
    tight = Purse(Allowance(wanted.likely_tokens, 1000.0))

    assert tight.admission(wanted) is Admission.GO
    assert tight.taken(wanted).admission(wanted) is Admission.WAIT
    assert tight.taken(wanted).settled(wanted, paid(200)).admission(wanted) is Admission.NO


def test_calls_that_fit_at_their_worst_go_side_by_side() -> None:
    wanted = call(100, 100)
    purse = Purse(Allowance(10 * wanted.worst_tokens, 1000.0))

    for _ in range(10):
        assert purse.admission(wanted) is Admission.GO
        purse = purse.taken(wanted)
    assert purse.admission(wanted) is Admission.WAIT


def test_a_budget_of_nothing_buys_nothing() -> None:
    assert Purse(Allowance(0, 1.0)).admission(call(1, 1)) is Admission.NO
    assert Purse(Allowance(10**9, 0.0)).admission(call(1, 1)) is Admission.NO


def test_the_refusal_names_the_limit_that_is_met() -> None:
    wanted = call(1000, 1000)

    assert Purse(Allowance(1500, 1.0), paid(500)).refusal(wanted) == (
        "the model's budget of 1,500 tokens: 500 are used, and the next call would need about 2,000"
    )
    assert Purse(Allowance(10**6, 0.001), paid(500)).refusal(wanted) == (
        "the model's budget of $0.00: $0.0005 is used, and the next call would need about $0.0040"
    )
