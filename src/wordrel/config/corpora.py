"""The settings of a corpus: where the text is and how it becomes sentences of tokens."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from wordrel.config.models import NAME_LENGTH, Name, Strict

NAMED_SOURCES = (
    *("gensim:wiki-sample", "novels", "wiki17m"),
    *(f"planted:recall-{pairs}" for pairs in (1, 2, 4, 8, 16)),
    *(f"planted:induction-{words}" for words in (4, 8, 12)),
)
"""The sources that are no paths; `wordrel corpus list` describes them."""
UNPACKED = {"max_unpacked_ratio": 100.0, "max_unpacked_gb": 100.0}
"""Limits of what a packed file holds, as they are by default; they change no corpus.

Repeated words reach a ratio of 30 at times, prose 3 to 8.
"""


class CorpusConfig(Strict):
    """Where the text is and how it becomes sentences of tokens."""

    source: str = Field(
        min_length=1,
        max_length=4096,
        description="gensim:wiki-sample, novels, wiki17m, planted:recall-P (P: 1 2 4 8 16), "
        "planted:induction-L (L: 4 8 12), or a file, folder or glob of .txt .gz .bz2 .xz .zst, "
        "which starts at the folder of the config",
    )
    name: Name = Field(default="", validate_default=False, description="default: from the source")
    lowercase: bool = True
    digits: Literal["keep", "zero", "drop"] = Field(
        "drop", description="keep numbers as words, write every digit as 0, or leave them out"
    )
    words: Literal["with_marks", "letters"] = Field(
        "with_marks",
        description="combining marks belong to words, which are written in the form NFC, and "
        "sentences end at the marks of all scripts; or, as in the first edition, letters alone "
        "make words",
    )
    phrases: bool = Field(False, description="words joined by _ or - are one word")
    segmenter: str | None = Field(
        None,
        max_length=64,
        description="cuts text that is written without spaces: jieba (Chinese), fugashi (Japanese),"
        " pythainlp (Thai), or an entry point of the group wordrel.segmenters",
    )
    lines: Literal["paragraph", "wrapped"] = Field(
        "paragraph", description="a line end ends a paragraph, or is only where a line was wrapped"
    )
    sentences: Literal["punctuation", "paragraph"] = Field(
        "punctuation", description="cut paragraphs into sentences at . ! ? or keep them whole"
    )
    documents: Literal["blank_line", "file", "line"] = Field(
        "blank_line", description="what ends a document, besides the end of a file"
    )
    min_count: int = Field(5, ge=1, description="rarer words are dropped and the window closes")
    max_vocabulary: int | None = Field(None, ge=2)
    vocabulary: Literal["sample", "source"] = Field(
        "sample",
        description="count words to choose the vocabulary in the sample's training documents, or "
        "in all training documents of the source: the same words and ids for every sample",
    )
    limit_tokens: int | None = Field(
        None,
        ge=1,
        description="a sample of the source: documents in the order of a digest of their text, "
        "until there are this many tokens; smaller samples lie in larger ones; with `test` it is "
        "of training documents only",
    )
    max_sentence: int = Field(
        1000,
        ge=2,
        le=10_000,
        description="longer sentences are cut (gensim drops what is over 10k)",
    )
    held_out: float | None = Field(
        0.05,
        ge=0,
        lt=1,
        description="share of the documents, decided by a digest of their text; the older way, "
        "without development documents",
    )
    test: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="in place of held_out, with development: share of the source's documents "
        "(novels: of the authors) that models are tested on; raised until there are 20",
    )
    development: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="share of the documents that settings are chosen on; raised until there are 10",
    )
    max_test_document: int = Field(
        10_000,
        ge=1,
        description="tokens of a test or development document that are used, from its beginning",
    )
    encoding: str = Field(
        "utf-8",
        description="of the files, by a name that Python knows: utf-16, cp1252, gb18030 ...",
    )
    bad_utf8: Literal["error", "replace"] = Field(
        "error", description="write U+FFFD for what is no text in this encoding"
    )
    long_lines: Literal["error", "split"] = Field(
        "error", description="what to do with a line of over 16 MiB"
    )
    max_unpacked_ratio: float = Field(
        UNPACKED["max_unpacked_ratio"],
        ge=1,
        description="a packed file of over 64 MiB of text that holds so many times its own size "
        "is refused",
    )
    max_unpacked_gb: float = Field(
        UNPACKED["max_unpacked_gb"], gt=0, description="a packed file of more text is refused"
    )

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            "a".encode(name)
        except (LookupError, ValueError) as error:
            shown = name.encode("ascii", "backslashreplace").decode("ascii")
            raise PydanticCustomError(
                "encoding", "found {name}, expected the name of an encoding", {"name": shown}
            ) from error
        return name

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, data: Any) -> Any:
        """The name after the source, and no default share held out where there are two others."""
        if not isinstance(data, Mapping):
            return data
        completed = dict(data)
        if not data.get("name") and isinstance(data.get("source"), str):
            completed["name"] = corpus_name(data["source"])
        if data.get("test") is not None or data.get("development") is not None:
            completed.setdefault("held_out", None)
        return completed

    @model_validator(mode="after")
    def _one_way_to_split(self) -> "CorpusConfig":
        shares = {"test": self.test, "development": self.development}
        missing = [key for key, share in shares.items() if share is None]
        if len(missing) == 1:
            raise _unfit(
                missing[0], "found nothing, expected a share: test and development go together"
            )
        if missing and self.held_out is None:
            raise _unfit("held_out", "found null, expected a share, or test and development")
        if missing and "max_test_document" in self.model_fields_set:
            raise _unfit("max_test_document", "found a number, expected test and development too")
        if not missing and self.held_out is not None:
            text = f"found {self.held_out} beside test and development, expected one way to split"
            raise _unfit("held_out", f"{text}: remove it")
        if (self.test or 0) + (self.development or 0) >= 1:
            text = f"found {self.test} with development {self.development}"
            raise _unfit("test", f"{text}, expected less than 1 together")
        return self

    @property
    def test_share(self) -> float:
        """The share of the documents that models are tested on, before it is raised."""
        return (self.held_out if self.test is None else self.test) or 0.0

    @model_serializer(mode="wrap")
    def _in_use(self, whole: Callable[[Any], Any]) -> dict[str, Any]:
        """Without the settings of the way to split that is not used.

        Corpora and studies were named by a digest of all settings before there were these: what
        does not use them keeps its name.
        """
        data: dict[str, Any] = whole(self)
        unused = {"held_out"} if self.test is not None else {*_SPLIT_IN_THREE}
        if self.test is None and self.vocabulary == "sample":
            unused.add("vocabulary")
        usual = {"encoding": "utf-8", "phrases": False, "segmenter": None, **UNPACKED}
        unused |= {key for key, value in usual.items() if getattr(self, key) == value}
        return {key: value for key, value in data.items() if key not in unused}


def _unfit(key: str, text: str) -> PydanticCustomError:
    """What is wrong with a setting beside others of its group."""
    return PydanticCustomError("unfit", "{text}", {"key": key, "text": text})


_SPLIT_IN_THREE = ("test", "development", "max_test_document")


def corpus_name(source: str) -> str:
    """The default name of a corpus: the last part of its source as it was written."""
    last = source.rstrip("/*").split("/")[-1].split(":")[-1]
    name = re.sub(r"[^a-z0-9_-]+", "-", last.split(".")[0].lower()).lstrip("-_")
    return name[:NAME_LENGTH].rstrip("-") or "corpus"
