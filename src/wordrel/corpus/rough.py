"""About how many tokens a text has, before it is prepared.

Reads its first megabyte; writes nothing but what finding a source writes.
"""

from pathlib import Path

from wordrel.config import CorpusConfig
from wordrel.corpus.plan import Piece
from wordrel.corpus.shards import piece_text
from wordrel.corpus.sources import find_source
from wordrel.corpus.text import Tally
from wordrel.corpus.tokens import Tokenizer, token_rules

LOOK = 1 << 20


def rough_train_tokens(config: CorpusConfig, cache: Path) -> int | None:
    """Tokens of the training part, by the share of bytes that was read; rare words are counted.

    Returns:
        None where it cannot be known from a first megabyte: of a dump, whose markup is left out.

    Raises:
        CorpusError: text that cannot be read.
    """
    source = find_source(config.source, cache)
    if any(file.kind != "text" for file in source.files):
        return None
    tokens = read = 0
    for file in source.files:
        tally, tokenizer = Tally(), Tokenizer(token_rules(config))
        for text in piece_text(Piece(file), config, tally, LOOK):
            tokens += len(tokenizer.cut(text, with_tokens=False).ids)
            if read + tally.file_position >= LOOK:
                break
        read += tally.file_position
        if read >= LOOK:
            break
    whole = round(tokens * source.bytes / read) if read else 0
    sampled = whole if config.limit_tokens is None else min(whole, config.limit_tokens)
    return round(sampled * (1 - config.held_out))
