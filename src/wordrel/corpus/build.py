"""One building of a corpus: from a source to a whole folder.

Reads the source; writes the corpus into an empty folder, in which it also keeps its tokenised
shards until they are merged. `cache` decides when to build, and makes the folder visible.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import joblib
import numpy as np
from joblib.externals.loky.process_executor import BrokenProcessPool

from wordrel.config import CorpusConfig
from wordrel.corpus.disk import SPLIT_ARRAYS, array_writers
from wordrel.corpus.files import Source, check_unchanged
from wordrel.corpus.merge import (
    Chosen,
    PartWriter,
    choose_vocabulary,
    merged_counts,
    write_parts,
    write_runs,
)
from wordrel.corpus.plan import Limits, plan_shards
from wordrel.corpus.shards import Part, TokenizedShard, tokenize_shard
from wordrel.corpus.splits import TEST_DOCUMENTS, Dealt, deal
from wordrel.corpus.vocab import Vocab
from wordrel.errors import CorpusError
from wordrel.io.download import Progress
from wordrel.io.files import write_json

_TOKENIZING, _COUNTING = 0.85, 0.9  # shares of the time that are over after these steps, about
_PREFIXES = {Part.TRAIN: "", Part.DEVELOPMENT: "development_", Part.TEST: "held_out_"}
"""Of the sizes of a part in the report; tests are held out, with `held_out` and with `test`."""
Done = TypeVar("Done")


@dataclass(frozen=True)
class Builder:
    """What a building needs.

    Attributes:
        config: source and settings.
        source: its files.
        folder: an empty folder.
        jobs: processes; one means this one.
        progress: called with the share that is done, and what is being done.
        limits: sizes that do not change the corpus.
    """

    config: CorpusConfig
    source: Source
    folder: Path
    jobs: int
    progress: Progress
    limits: Limits = field(default_factory=Limits)

    def build(self, digest: str) -> None:
        """Write the corpus that `digest` names.

        Raises:
            CorpusError: the text cannot be read, has changed, or gives nothing to train on.
            OSError: the folder cannot be written.
        """
        started = time.perf_counter()
        dealt = deal(list(self._tokenize()), self.config)
        check_unchanged(self.source)
        self._check_parts("", dealt.tokens, dealt.documents)
        chosen = self._vocabulary(self._count(dealt.shards))
        vocab = chosen.vocab
        written = self._write(dealt, vocab)
        shutil.rmtree(self.folder / "shards")
        report = self._report(dealt, written)
        report |= {"types": len(vocab), "types_seen": chosen.seen}
        if self.config.vocabulary == "source":
            report["absent_types"] = chosen.absent
        with (self.folder / "words.txt").open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{word}\n" for word in vocab.words)
        np.save(self.folder / "counts.npy", vocab.counts, allow_pickle=False)
        about = {"digest": digest, "name": self.config.name, "report": dict(sorted(report.items()))}
        write_json(self.folder / "corpus.json", about, durable=False)
        seconds = time.perf_counter() - started
        speed = round(_total(dealt.shards, "tokens") / seconds)
        timing = {"seconds": round(seconds, 3), "tokens_per_second": speed}
        write_json(self.folder / "timing.json", timing, durable=False)
        self.progress(1.0, "done")

    def _tokenize(self) -> Iterator[TokenizedShard]:
        by_author = self.config.test is not None and bool(self.source.authors)
        documents, size = self.config.documents, self.limits.shard
        cut = "\n".encode(self.config.encoding) == b"\n"
        plan = plan_shards(self.source, documents, size, by_author=by_author, cut=cut)
        total = max(sum(shard.size for shard in plan), 1)
        done = tokens = 0

        def tick(shard_bytes: int, shard_tokens: int) -> None:
            share = _TOKENIZING * (done + shard_bytes) / total
            self.progress(share, f"{tokens + shard_tokens:,} tokens read")

        callback = tick if self._processes(plan) == 1 else None  # other processes cannot call back
        calls = [
            (shard, self.config, self.folder / "shards" / str(i), self.limits, callback)
            for i, shard in enumerate(plan)
        ]
        for shard, tokenized in zip(plan, self._each(tokenize_shard, calls), strict=True):
            done += shard.size
            tokens += tokenized.tokens
            tick(0, 0)
            yield tokenized

    def _count(self, shards: list[TokenizedShard]) -> list[Path]:
        whole_source = self.config.vocabulary == "source"
        parts = (Part.TRAIN, Part.MORE_TRAIN) if whole_source else (Part.TRAIN,)
        runs = []
        for i, written in enumerate(self._each(write_runs, [(s, parts) for s in shards])):
            share = _TOKENIZING + (_COUNTING - _TOKENIZING) * i / len(shards)
            self.progress(share, "counting words")
            runs += written
        return runs

    def _processes(self, work: Sequence[object]) -> int:
        return min(self.jobs, len(work))

    def _each(self, work: Callable[..., Done], calls: list[tuple[Any, ...]]) -> Iterator[Done]:
        """The work on each shard, in order; one process is this one."""
        parallel = joblib.Parallel(
            self._processes(calls), backend="loky", return_as="generator", max_nbytes=None
        )
        try:
            yield from parallel(joblib.delayed(work)(*call) for call in calls)
        except BrokenProcessPool as error:
            raise CorpusError(
                f"{self.config.source}: a process died while it read ({error}); expected memory "
                f"for {self.jobs} processes: use fewer jobs"
            ) from error

    def _vocabulary(self, runs: list[Path]) -> Chosen:
        self.progress(_COUNTING, "choosing the vocabulary")
        config = self.config
        chosen = choose_vocabulary(merged_counts(runs), config.min_count, config.max_vocabulary)
        words = chosen.vocab.words
        if len(words) < 2:
            frequent = f"only {words[0]!r}" if words else "no word"
            lower = "lower min_count, " if chosen.seen > 1 else ""  # it cannot make a second word
            cures = lower + self._raise_limit()
            cures += "or " if cures else ""
            raise CorpusError(
                f"{config.source}: found {frequent} at least min_count={config.min_count} times, "
                f"among {chosen.seen} different words in the training part; expected two words or "
                f"more: {cures}give more text as source"
            )
        return chosen

    def _write(self, dealt: Dealt, vocab: Vocab) -> dict[Part, PartWriter]:
        with ExitStack() as files:
            writers = {}
            for part, name in self._part_names().items():
                arrays = files.enter_context(array_writers(self.folder / name, SPLIT_ARRAYS))
                writers[part] = PartWriter(arrays, self.config.max_sentence)
            for i, shard in enumerate(dealt.shards):
                self.progress(_COUNTING + (1 - _COUNTING) * i / len(dealt.shards), "writing ids")
                write_parts(shard, vocab, writers)
        tokens = {part: writer.ids.length for part, writer in writers.items()}
        self._check_parts("known ", tokens, dealt.documents)
        return writers

    def _part_names(self) -> dict[Part, str]:
        """The parts that are written, and their folders."""
        if self.config.test is None:
            return {Part.TRAIN: "train", Part.TEST: "held_out"}
        return {Part.TRAIN: "train", Part.DEVELOPMENT: "development", Part.TEST: "test"}

    def _raise_limit(self) -> str:
        """A cure of samples that are too small, for a list of cures."""
        return "" if self.config.limit_tokens is None else "raise limit_tokens, "

    def _check_parts(
        self, known: str, tokens: Mapping[Part, int], documents: Mapping[Part, int]
    ) -> None:
        """All parts must have tokens, but those of which none were to be held out.

        Args:
            known: "known " where tokens are of words in the vocabulary.
            tokens: of the parts.
            documents: of the parts, before words are dropped.
        """
        config = self.config
        if not known and not any(tokens.values()):
            raise CorpusError(
                f"{config.source}: found no word at all; expected text: give another source, "
                "or set digits=keep if it is all numbers"
            )
        shares = {Part.TEST: config.test_share, Part.DEVELOPMENT: config.development}
        empty = [part for part, share in shares.items() if share and not tokens[part]]
        if tokens[Part.TRAIN] and not empty:
            return
        part = Part.TRAIN if not tokens[Part.TRAIN] else empty[0]
        keys = ["held_out"] if config.test is None else ["test", "development"]
        name = {Part.TRAIN: "training", Part.TEST: "held-out"}.get(part, "development")
        used = sum(documents[p] for p in self._part_names())
        held_out = ", ".join(f"{key}={getattr(config, key)}" for key in keys)
        raise CorpusError(
            f"{config.source}: found no {name} tokens: of {used} document(s) (documents="
            f"{config.documents}), none with known words fell into that part ({held_out}); "
            "expected some in every part: set documents so that there are more of them, change "
            f"{' or '.join(keys)}, {self._raise_limit()}or set "
            f"{' and '.join(f'{key}=0' for key in keys)} to hold nothing out"
        )

    def _report(self, dealt: Dealt, written: Mapping[Part, PartWriter]) -> dict[str, Any]:
        report = {
            "files": len(self.source.files),
            "ignored_files": self.source.ignored,
            "bytes": self.source.bytes,
            "sha256": self.source.sha256,
        }
        for part, writer in written.items():
            prefix = _PREFIXES[part]
            report |= {
                f"{prefix}tokens": writer.ids.length,
                f"{prefix}sentences": writer.sentences.length,
                f"{prefix}documents": writer.documents.length,
            }
        used = sum(dealt.tokens[part] for part in written)
        lines = [shard.lines for shard in dealt.shards]
        report |= {
            "dropped_tokens": used - sum(writer.ids.length for writer in written.values()),
            "split_sentences": sum(writer.split_sentences for writer in written.values()),
            "text_bytes": _total(lines, "text_bytes"),
            "replaced_bytes": _total(lines, "replaced_bytes"),
            "split_lines": _total(lines, "split_lines"),
        }
        if self.config.test is not None:
            few = written[Part.TEST].documents.length < TEST_DOCUMENTS
            report |= {"split_by": self._split_by(dealt), "few_test_documents": few}
            report["unused_tokens"] = dealt.tokens[Part.UNUSED]
        if self.config.limit_tokens is not None:
            report |= self._sample_report(self.config.limit_tokens, dealt)
        return report

    def _split_by(self, dealt: Dealt) -> str:
        return "block" if dealt.blocks else "author" if self.source.authors else "document"

    def _sample_report(self, limit: int, dealt: Dealt) -> dict[str, Any]:
        """What was taken of the source, counted before rare words are dropped.

        With `held_out` of all documents, with `test` of the training documents.
        """
        sampled = [Part.TRAIN] if self.config.test is not None else [*self._part_names()]
        left_out = [Part.MORE_TRAIN, *([] if self.config.test is not None else [Part.UNUSED])]
        counted = {}
        for what in ("tokens", "documents"):
            by_part = getattr(dealt, what)
            counted[f"sampled_{what}"] = sum(by_part[part] for part in sampled)
            counted[f"source_{what}"] = sum(by_part[part] for part in (*sampled, *left_out))
        whole = counted["sampled_documents"] == counted["source_documents"]
        return {"limit_tokens": limit, "whole_source": whole, **counted}


def _total(items: Sequence[object], what: str) -> int:
    return sum(getattr(item, what) for item in items)
