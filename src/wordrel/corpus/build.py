"""One building of a corpus: from a source to a whole folder.

Reads the source; writes the corpus into an empty folder, in which it also keeps its tokenised
shards until they are merged. `cache` decides when to build, and makes the folder visible.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
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
    PartWriter,
    choose_vocabulary,
    merged_counts,
    write_parts,
    write_runs,
)
from wordrel.corpus.plan import Limits, plan_shards
from wordrel.corpus.shards import TokenizedShard, take_sample, tokenize_shard
from wordrel.corpus.vocab import Vocab
from wordrel.errors import CorpusError
from wordrel.io.download import Progress
from wordrel.io.files import write_json

_TOKENIZING, _COUNTING = 0.85, 0.9  # shares of the time that are over after these steps, about
Done = TypeVar("Done")


@dataclass(frozen=True)
class Builder:
    """What a building needs.

    Attributes:
        config: source and settings.
        source: its files.
        folder: an empty folder.
        jobs: processes; one means this one.
        progress: told the share that is done, and what is being done.
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
        source = list(self._tokenize())
        check_unchanged(self.source)
        limit = self.config.limit_tokens
        shards = source if limit is None else take_sample(source, limit)
        self._check_text(shards)
        vocab, types_seen = self._vocabulary(self._count(shards))
        train, held_out = self._parts(shards, vocab)
        shutil.rmtree(self.folder / "shards")
        report = self._report(shards, train, held_out)
        report |= {"types": len(vocab), "types_seen": types_seen}
        if limit is not None:
            report |= _sample_report(limit, source, shards)
        with (self.folder / "words.txt").open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{word}\n" for word in vocab.words)
        np.save(self.folder / "counts.npy", vocab.counts, allow_pickle=False)
        about = {"digest": digest, "name": self.config.name, "report": dict(sorted(report.items()))}
        write_json(self.folder / "corpus.json", about, durable=False)
        seconds = time.perf_counter() - started
        speed = round(sum(shard.tokens for shard in source) / seconds)
        timing = {"seconds": round(seconds, 3), "tokens_per_second": speed}
        write_json(self.folder / "timing.json", timing, durable=False)
        self.progress(1.0, "done")

    def _tokenize(self) -> Iterator[TokenizedShard]:
        plan = plan_shards(self.source, self.config.documents, self.limits.shard)
        total = max(sum(shard.size for shard in plan), 1)
        done = tokens = 0

        def tick(shard_bytes: int, shard_tokens: int) -> None:
            share = _TOKENIZING * (done + shard_bytes) / total
            self.progress(share, f"{tokens + shard_tokens:,} tokens read")

        heard = tick if self._processes(plan) == 1 else None  # others cannot call back
        calls = [
            (shard, self.config, self.folder / "shards" / str(i), self.limits, heard)
            for i, shard in enumerate(plan)
        ]
        for shard, tokenized in zip(plan, self._each(tokenize_shard, calls), strict=True):
            done += shard.size
            tokens += tokenized.tokens
            tick(0, 0)
            yield tokenized

    def _count(self, shards: list[TokenizedShard]) -> list[Path]:
        runs = []
        for i, written in enumerate(self._each(write_runs, [(shard,) for shard in shards])):
            share = _TOKENIZING + (_COUNTING - _TOKENIZING) * i / len(shards)
            self.progress(share, "counting words")
            runs += written
        return runs

    def _processes(self, work: Sequence[object]) -> int:
        return min(self.jobs, len(work))

    def _each(self, work: Callable[..., Done], calls: list[tuple[Any, ...]]) -> Iterator[Done]:
        """The work on each shard, in order; one process is this one."""
        parallel = joblib.Parallel(self._processes(calls), backend="loky", return_as="generator")
        try:
            yield from parallel(joblib.delayed(work)(*call) for call in calls)
        except BrokenProcessPool as error:
            raise CorpusError(
                f"{self.config.source}: a process died while it read ({error}); expected memory "
                f"for {self.jobs} processes: use fewer jobs"
            ) from error

    def _vocabulary(self, runs: list[Path]) -> tuple[Vocab, int]:
        self.progress(_COUNTING, "choosing the vocabulary")
        config = self.config
        counted = merged_counts(runs)
        vocab, seen = choose_vocabulary(counted, config.min_count, config.max_vocabulary)
        if len(vocab) < 2:
            found = f"only {vocab.words[0]!r}" if len(vocab) else "no word"
            raise CorpusError(
                f"{config.source}: found {found} at least min_count={config.min_count} times, "
                f"among {seen} different words in the training part; expected two words or more: "
                f"lower min_count, {self._raise_limit()}or give more text as source"
            )
        return vocab, seen

    def _parts(self, shards: list[TokenizedShard], vocab: Vocab) -> tuple[PartWriter, PartWriter]:
        with (
            array_writers(self.folder / "train", SPLIT_ARRAYS) as train_arrays,
            array_writers(self.folder / "held_out", SPLIT_ARRAYS) as held_out_arrays,
        ):
            train = PartWriter(train_arrays, self.config.max_sentence)
            held_out = PartWriter(held_out_arrays, self.config.max_sentence)
            for i, shard in enumerate(shards):
                self.progress(_COUNTING + (1 - _COUNTING) * i / len(shards), "writing ids")
                write_parts(shard, vocab, train, held_out)
        documents = train.documents.length + held_out.documents.length
        self._check_share(train.ids.length, held_out.ids.length, documents)
        return train, held_out

    def _raise_limit(self) -> str:
        """A cure of samples that are too small, for a list of cures."""
        return "" if self.config.limit_tokens is None else "raise limit_tokens, "

    def _check_text(self, shards: list[TokenizedShard]) -> None:
        tokens, held_out, documents = (
            _total(shards, what) for what in ("tokens", "held_out_tokens", "documents")
        )
        if not tokens:
            raise CorpusError(
                f"{self.config.source}: found no word at all; expected text: give another source, "
                "or set digits=keep if it is all numbers"
            )
        self._check_share(tokens - held_out, held_out, documents)

    def _check_share(self, train: int, held_out: int, documents: int) -> None:
        """Both parts must have tokens, unless none were to be held out."""
        config = self.config
        if train and (held_out or not config.held_out):
            return
        empty, fell = ("held-out", "none") if train else ("training", "all")
        raise CorpusError(
            f"{config.source}: found no {empty} tokens: of {documents} document(s) (documents="
            f"{config.documents}), {fell} with known words fell into the held-out share (held_out="
            f"{config.held_out}); expected some in both parts: set documents so that there are "
            f"more of them, change held_out, {self._raise_limit()}or set held_out=0 to hold "
            "nothing out"
        )

    def _report(
        self, shards: list[TokenizedShard], train: PartWriter, held_out: PartWriter
    ) -> dict[str, Any]:
        tokens, held_out_tokens = train.ids.length, held_out.ids.length
        return {
            "files": len(self.source.files),
            "ignored_files": self.source.ignored,
            "bytes": self.source.bytes,
            "sha256": self.source.sha256,
            "tokens": tokens,
            "held_out_tokens": held_out_tokens,
            "sentences": train.sentences.length,
            "held_out_sentences": held_out.sentences.length,
            "documents": train.documents.length,
            "held_out_documents": held_out.documents.length,
            "dropped_tokens": _total(shards, "tokens") - tokens - held_out_tokens,
            "split_sentences": train.split_sentences + held_out.split_sentences,
            "text_bytes": sum(shard.lines.text_bytes for shard in shards),
            "replaced_bytes": sum(shard.lines.replaced_bytes for shard in shards),
            "split_lines": sum(shard.lines.split_lines for shard in shards),
        }


def _total(shards: Sequence[TokenizedShard], what: str) -> int:
    return sum(getattr(shard, what) for shard in shards)


def _sample_report(
    limit: int, source: list[TokenizedShard], sample: list[TokenizedShard]
) -> dict[str, Any]:
    """What was taken of the source, counted before rare words are dropped."""
    counted = {
        f"{name}_{what}": _total(shards, what)
        for name, shards in (("source", source), ("sampled", sample))
        for what in ("tokens", "documents")
    }
    whole = counted["sampled_documents"] == counted["source_documents"]
    return {"limit_tokens": limit, "whole_source": whole, **counted}
