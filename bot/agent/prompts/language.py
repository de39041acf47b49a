"""In which language a model writes what people read; all other words are English."""

from collections.abc import Iterable

from bot.domain.prompt import Part

ENGLISH = "en"


def written_in(language: str, *fields: str) -> Iterable[Part]:
    """Yield what is asked of the model for these fields; nothing for English, as prompts are."""
    if language.lower().partition("-")[0] != ENGLISH:
        named = " and ".join(f"`{name}`" for name in fields)
        yield (
            f"Write {named} in the language `{language}` (BCP 47), for people who read it. "
            "Names of the code and everything else stay as they are."
        )
