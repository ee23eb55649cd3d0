"""The tasks whose files are those of a published data set.

Pure metadata: reads and writes nothing.
"""

from dataclasses import dataclass

from wordrel.tasks.datasets import DATA_SETS
from wordrel.tasks.info import ASKED, KindName, ReaderName, Split, TaskInfo


@dataclass(frozen=True)
class _Part:
    """What a task takes of its data set: which files, read how, with how many items."""

    data: str
    reader: ReaderName
    n_items: int
    files: tuple[str, ...]
    split: Split = "test"


def _published(name: str, kind: KindName, description: str, part: _Part) -> TaskInfo:
    """A task whose files are those of a data set."""
    question, main_score = ASKED[kind]
    data = DATA_SETS[part.data]
    return TaskInfo(
        name=name,
        kind=kind,
        question=question,
        description=description,
        reference=data.reference,
        license=data.license,
        bibtex_citation=data.bibtex_citation,
        date=data.date,
        main_score=main_score,
        n_items=part.n_items,
        reader=part.reader,
        split=part.split,
        data=part.data,
        files=part.files,
    )


_MEN = "How related people find two words that occur as tags of pictures."
_SIMVERB = "How similar, not merely related, people find two verbs."
_ALIKE = (
    _published(
        "ws353_sim",
        "pairs",
        "Pairs of WS-353 that are similar, and unrelated ones: how similar people find them.",
        _Part("ws353", "pairs", 203, ("EN-WS-353-SIM.txt",)),
    ),
    _published(
        "ws353_rel",
        "pairs",
        "Pairs of WS-353 that are related, and unrelated ones: how related people find them.",
        _Part("ws353", "pairs", 252, ("EN-WS-353-REL.txt",)),
    ),
    _published(
        "men_dev",
        "pairs",
        _MEN,
        _Part("men3k", "lemma_pairs", 2000, ("MEN_dataset_lemma_form.dev",), "dev"),
    ),
    _published(
        "men_test",
        "pairs",
        _MEN,
        _Part("men3k", "lemma_pairs", 1000, ("MEN_dataset_lemma_form.test",)),
    ),
    _published(
        "rw",
        "pairs",
        "How similar people find two words, one of which at least is rare.",
        _Part("rw", "rated_pairs", 2034, ("rw.txt",)),
    ),
    _published(
        "simverb_dev",
        "pairs",
        _SIMVERB,
        _Part("simverb3500", "verb_pairs", 500, ("SimVerb-500-dev.txt",), "dev"),
    ),
    _published(
        "simverb_test",
        "pairs",
        _SIMVERB,
        _Part("simverb3500", "verb_pairs", 3000, ("SimVerb-3000-test.txt",)),
    ),
    _published(
        "mturk287",
        "pairs",
        "How related people find two words that occur in news texts.",
        _Part("mturk287", "pairs", 287, ("EN-MTurk-287.txt",)),
    ),
    _published(
        "msr_analogies",
        "analogies",
        "Which word is to b as a' is to a: inflected forms only.",
        _Part("msr_syntactic", "msr_analogies", 8000, ("msr.csv",)),
    ),
    _published(
        "bats",
        "analogies",
        "Which word is to b as a' is to a: 40 relations of four kinds, 50 pairs each; each pair "
        "asks with the ten that follow it.",
        _Part(
            "bats3",
            "bats",
            20_000,
            tuple(f"{group}{number}.txt" for group in "IDEL" for number in range(1, 11)),
        ),
    ),
    _published(
        "ap_categories",
        "categories",
        "Whether clusters of nouns are the 21 categories that WordNet puts them in.",
        _Part("ap", "categories", 402, ("ap.csv",)),
    ),
)

_HYPERLEX_DEGREE = "To what degree people find that the first word is a type of the second."
_HYPERLEX_WAY = "Which of two words is a type of the other."
_RANDOM = "splits/random/hyperlex_{0}_all_random.txt"
_SP10K = "How plausible people find the second word as the {} of the first."
_RELATE = (
    *(
        _published(
            f"sp10k_{relation}",
            "directed_pairs",
            _SP10K.format(role),
            _Part("sp10k", "directed_pairs", 2000, (f"{relation}_annotation.txt",)),
        )
        for relation, role in (("nsubj", "subject"), ("dobj", "object"), ("amod", "adjective"))
    ),
    _published(
        "usf_strength",
        "directed_pairs",
        "How many people think first of the second word when they are given the first.",
        _Part("usf_norms", "usf_strength", 72_176, ("usf_fsg_bsg.tsv",)),
    ),
    _published(
        "usf_direction",
        "direction",
        "Which of two words that call each other to mind calls the other the more strongly.",
        _Part("usf_norms", "usf_direction", 8173, ("usf_fsg_bsg.tsv",)),
    ),
    _published(
        "hyperlex_dev",
        "directed_pairs",
        _HYPERLEX_DEGREE,
        _Part("hyperlex", "hyperlex_degree", 130, (_RANDOM.format("dev"),), "dev"),
    ),
    _published(
        "hyperlex_test",
        "directed_pairs",
        _HYPERLEX_DEGREE,
        _Part("hyperlex", "hyperlex_degree", 655, (_RANDOM.format("test"),)),
    ),
    _published(
        "hyperlex_direction_dev",
        "direction",
        _HYPERLEX_WAY,
        _Part(
            "hyperlex",
            "hyperlex_direction",
            1129,
            (_RANDOM.format("training"), _RANDOM.format("dev")),
            "dev",
        ),
    ),
    _published(
        "hyperlex_direction_test",
        "direction",
        _HYPERLEX_WAY,
        _Part("hyperlex", "hyperlex_direction", 372, (_RANDOM.format("test"),)),
    ),
    _published(
        "bless",
        "labelled_pairs",
        "Whether a word stands in a relation to a concept (attribute, co-hyponym, event, hypernym, "
        "part), or is a random one.",
        _Part("bless", "bless", 26_554, ("BLESS.val", "BLESS.test")),
    ),
)

_EWT = ("en_ewt-ud-dev.conllu", "en_ewt-ud-test.conllu")
_SYNTAX = (
    _published(
        "ud_syntax",
        "syntax",
        "Whether words that are linked in a parsed sentence relate more than words as far apart "
        "that are not.",
        _Part("ud_english_ewt", "conllu", 4078, _EWT),
    ),
    _published(
        "ud_parts_of_speech",
        "parts_of_speech",
        "How words of two parts of speech relate in parsed sentences: nouns and verbs, verbs and "
        "articles.",
        _Part("ud_english_ewt", "conllu", 4078, _EWT),
    ),
)

_WIC = {
    split: (f"{split}/{split}.data.txt", f"{split}/{split}.gold.txt")
    for split in ("train", "dev", "test")
}
_WHOLE_WIC = tuple(file for files in _WIC.values() for file in files)
_SENSE = "Whether a word means the same in two sentences."
_IN_CONTEXT = (
    _published(
        "scws",
        "context_pairs",
        "How similar people find two words, each in its text.",
        _Part("scws", "scws", 2003, ("ratings.txt",)),
    ),
    _published(
        "wic_dev",
        "same_sense",
        _SENSE,
        _Part("wic", "wic", 6066, (*_WIC["train"], *_WIC["dev"]), "dev"),
    ),
    _published(
        "wic_test",
        "same_sense",
        _SENSE,
        _Part("wic", "wic", 7466, _WHOLE_WIC),
    ),
    _published(
        "sense_shift",
        "sense_shift",
        "Whether a word's state moves more between two sentences where its meaning changes.",
        _Part("wic", "wic", 7466, _WHOLE_WIC),
    ),
)

_WHOLE_EWT = ("en_ewt-ud-train.rebuilt.conllu", *_EWT)
_FIT = (
    _published(
        "held_out_by_class",
        "held_out_by_class",
        "Surprise, in nats a word, at held-out sentences, by part of speech, and when words of one "
        "class are taken out of the context.",
        _Part("ud_english_ewt", "conllu", 16_622, _WHOLE_EWT),
    ),
    _published(
        "attention_roles",
        "roles",
        "How many words a word looks at, which parts of speech are looked at, and what exchanging "
        "query and key adds to the loss.",
        _Part("ud_english_ewt", "conllu", 16_622, _WHOLE_EWT),
    ),
)

PUBLISHED: tuple[TaskInfo, ...] = (*_ALIKE, *_RELATE, *_SYNTAX, *_IN_CONTEXT, *_FIT)
