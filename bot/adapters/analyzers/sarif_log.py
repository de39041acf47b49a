"""The parts of SARIF 2.1.0 that we read, as the standard names them; all else is passed over."""

from pydantic import BaseModel, Field


class Text(BaseModel):
    """A message or what a fix inserts."""

    text: str = ""


class Region(BaseModel):
    """Where in a file: lines and columns, or an offset in bytes or characters."""

    start_line: int | None = Field(default=None, alias="startLine", ge=1)
    start_column: int = Field(default=1, alias="startColumn", ge=1)
    end_line: int | None = Field(default=None, alias="endLine", ge=1)
    end_column: int | None = Field(default=None, alias="endColumn", ge=1)
    byte_offset: int | None = Field(default=None, alias="byteOffset", ge=0)
    byte_length: int = Field(default=0, alias="byteLength", ge=0)

    @property
    def is_exact(self) -> bool:
        """True when both ends are given, so that text may be replaced."""
        return self.byte_offset is not None or (
            self.start_line is not None and self.end_column is not None
        )


class Artifact(BaseModel):
    """Which file, by URI, by index into the artifacts, or relative to a named base."""

    uri: str | None = None
    base: str | None = Field(default=None, alias="uriBaseId")
    index: int = -1


class Physical(BaseModel):
    """A region of a file."""

    artifact: Artifact = Field(default=Artifact(), alias="artifactLocation")
    region: Region | None = None


class Location(BaseModel):
    """Where a result is."""

    physical: Physical = Field(default=Physical(), alias="physicalLocation")


class Replacement(BaseModel):
    """One region and the text in its place."""

    deleted: Region = Field(alias="deletedRegion")
    inserted: Text = Field(default=Text(), alias="insertedContent")


class Change(BaseModel):
    """All replacements in one file."""

    artifact: Artifact = Field(alias="artifactLocation")
    replacements: list[Replacement]


class Fix(BaseModel):
    """Changes that belong together."""

    changes: list[Change] = Field(alias="artifactChanges")


class Reference(BaseModel):
    """A rule, by id or by its place among the rules."""

    id: str | None = None
    index: int = -1


class Suppression(BaseModel):
    """Somebody decided not to hear of the result."""

    status: str = "accepted"


class Result(BaseModel):
    """One diagnostic."""

    rule_id: str | None = Field(default=None, alias="ruleId")
    rule_index: int = Field(default=-1, alias="ruleIndex")
    rule: Reference = Reference()
    level: str | None = None
    kind: str = "fail"
    message: Text = Text()
    locations: list[Location] = []
    fixes: list[Fix] = []
    suppressions: list[Suppression] = []


class Configuration(BaseModel):
    """How a rule is set up when nobody says otherwise."""

    level: str | None = None


class Descriptor(BaseModel):
    """What the tool says of a rule."""

    id: str
    short: Text = Field(default=Text(), alias="shortDescription")
    configuration: Configuration = Field(default=Configuration(), alias="defaultConfiguration")
    properties: dict[str, object] = {}


class Driver(BaseModel):
    """The tool itself."""

    name: str
    rules: list[Descriptor] = []


class Tool(BaseModel):
    """The tool and its extensions, which we do not read."""

    driver: Driver


class ArtifactEntry(BaseModel):
    """One file in the list of the run."""

    location: Artifact = Artifact()


class Run(BaseModel):
    """One run of one tool."""

    tool: Tool
    results: list[Result] | None = None
    artifacts: list[ArtifactEntry] = []
    bases: dict[str, Artifact] = Field(default={}, alias="originalUriBaseIds")
    columns: str = Field(default="utf16CodeUnits", alias="columnKind")


class Log(BaseModel):
    """The whole file."""

    version: str
    runs: list[Run]
