"""The words of the policy, each with what it means: one list for command, comment and dashboard."""

from collections.abc import Iterable, Mapping

BY_HAND = "placing-1-sampled"
"""What the policy is called that nothing was learned for; `bot.policy.choosing.HAND`."""
NO_VERSION = (
    "No learned version is stored yet: a worker stores one when the first outcome of a suggestion "
    "is final. What is known until then the command tells: pullwright policy show"
)
NOTHING_LEARNED = "nothing yet: no outcome of a suggestion is final"

TERMS: Mapping[str, str] = {
    BY_HAND: "the weights that were set by hand, drawn by chance: what decides until the gate lets "
    "a learned version in",
    "serves": "decides where findings go, beside the code or into the summary",
    "rewards": "what people made of a finding, from -1 (turned down) to 1 (applied)",
    "censored": "outcomes that say nothing, such as of a pull request that nobody looked at again",
    "warming": "too few rewards came yet to tell whether the weights still move",
    "converging": "the weights still move with each batch of rewards",
    "converged": "the last rewards moved the weights no more",
    "drifting": "what people like has changed, and the weights follow",
    "drift": "an alarm says that rewards differ from what was foreseen: older ones then count less",
    "gate": "the test on rewards that a candidate was not trained on; only who passes it serves",
    "J": "the mean reward of what a version chose; of a run, what its tools proved for their cost",
    "fixer": "which tool mends a finding first, where two could",
    "hand": "weights set by hand",
    "learned": "weights of the critic, which foresees rewards: these serve once they are promoted",
    "actor": "weights of a second learner, by policy gradient: shown beside, and not served",
    "shadow": "a version that was learned and decides nothing",
    "candidate": "a version that was tried at the gate",
    "promoted": "a version that passed the gate",
    "retired": "a version that another one took the place of",
    "rolled back": "a version that was taken back; the one before it decides again",
}
OF_VERSIONS = ("shadow", "candidate", "promoted", "retired", "rolled back")
"""What a version can be."""
OF_WEIGHTS = ("hand", "learned")


def legend(shown: Iterable[str], words: Iterable[str]) -> list[str]:
    """Return a line for each of the words that is shown, in the order of the list."""
    text = " ".join(shown).replace(",", " ").replace(":", " ").replace("(", " ").split()
    wanted = [word for word in TERMS if word in words and word in text]
    width = max((len(word) for word in wanted), default=0)
    return [f"{word:<{width}}  {TERMS[word]}" for word in wanted]
