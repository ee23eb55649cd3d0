"""Labels of models, tasks, embeddings and measures for readers: identifier -> label.

Identifiers stay in the stored tables. A name that is not here, such as one of a user's own config,
is its own label.
"""

import re
from collections.abc import Callable
from typing import Literal, get_args

from wordrel.config.contrasts import mean_of
from wordrel.report.document import labelled

Of = Literal["model", "task", "embedding", "measure", "statistic"]

_MODELS = {
    "random": "random vectors",
    "ppmi_svd": "PPMI-SVD",
    "word_frequency": "word frequency",
    "vectors": "vectors from a file",
    "transformer": "Transformer from a folder",
    "kneser_ney": "Kneser-Ney counts",
    "kn_bigram": "Kneser-Ney bigram",
    "kn_trigram": "Kneser-Ney trigram",
    "kn_fourgram": "Kneser-Ney 4-gram",
    "kn_two_sided": "two-sided Kneser-Ney bigram",
    "closed_form": "closed-form word2vec",
    "skip_gram": "skip-gram",
    "cbow": "CBOW",
    "mean": "context mean",
    "position_weight": "position weights",
    "word_weight": "word weights",
    "mean_query_attention": "mean-query attention",
    "mean_query_attention_position": "mean-query attention with positions",
    "mask_query_attention": "mask-query attention with positions",
    "masked_four_heads": "mean-query attention with positions and four heads",
    "next_mean": "context mean (next word)",
    "next_position_weight": "position weights (next word)",
    "next_mean_query": "mean-query attention (next word)",
    "dot_product_attention": "dot-product attention",
    "attention": "attention",
    "attention_position": "attention with positions",
    "attention_position_heads": "attention with positions and heads",
    "transformer_block": "Transformer block",
    "two_blocks": "two Transformer blocks",
    "one_map_qk": "attention (K = Q)",
    "no_value_map": "attention (V = I)",
    "position_vector": "position vectors",
    "position_map": "position maps",
    "direct_mean": "context mean with direct path",
    "direct_word_weight": "word weights with direct path",
    "direct_word_weight_map": "word weights with positions and direct path and V",
    "direct_attention": "attention with direct path",
    "direct_dot_product": "dot-product attention with direct path",
    "direct_mean_position": "position weights with direct path",
    "direct_word_weight_position": "word weights with positions and direct path",
    "direct_attention_position": "attention with positions and direct path",
    "direct_dot_product_position": "dot-product attention with positions and direct path",
    "next_four_heads": "four-head attention with positions and direct path",
    "masked_without_map": "mean-query attention with positions but without V",
    "masked_weights_with_map": "mask-query attention with positions and V",
    "next_without_map": "attention with positions and direct path but without V",
    "tied_keys_and_queries": "attention with positions and direct path (K = Q)",
    "tied_keys_and_values": "attention with positions and direct path (K = V)",
    "queries_without_map": "attention with positions and direct path (Q = I)",
    "word_word_w2v": "mean-query attention with positions (w2v recipe)",
}
_SUFFIXES = {
    "_shuffled": " (shuffled text)",
    "_shuffled_contexts": " (shuffled contexts)",
    "_targetfollowing": " (a following word)",
    "_following": " (a following word)",
    "_targetword": "",
    "_recipelm": " (lm recipe)",
    "_recipew2v": " (w2v recipe)",
    "_w2v": " (w2v recipe)",
    "": "",
}
"""The end of a model's name -> what it adds to the label; `vary` makes those of recipes."""

_TASKS = {
    "ws353": "WordSim-353",
    "ws353_sim": "WordSim-353 (similarity)",
    "ws353_rel": "WordSim-353 (relatedness)",
    "simlex999": "SimLex-999",
    "men_dev": "MEN (development)",
    "men_test": "MEN",
    "rw": "rare words (RW)",
    "simverb_dev": "SimVerb-3500 (development)",
    "simverb_test": "SimVerb-3500",
    "mturk287": "MTurk-287",
    "ap_categories": "AP noun categories",
    "bless": "BLESS relations",
    "bless.attri": "BLESS: attributes",
    "bless.coord": "BLESS: co-hyponyms",
    "bless.event": "BLESS: events",
    "bless.hyper": "BLESS: hypernyms",
    "bless.mero": "BLESS: parts",
    "google_analogies": "Google analogies",
    "msr_analogies": "MSR analogies",
    "bats": "BATS analogies",
    "hyperlex_dev": "HyperLex (development)",
    "hyperlex_test": "HyperLex (hypernymy)",
    "hyperlex_direction_dev": "direction of hypernymy (development)",
    "hyperlex_direction_test": "direction of hypernymy (HyperLex)",
    "usf_strength": "strength of association (USF)",
    "usf_direction": "direction of association (USF)",
    "sp10k_nsubj": "plausible subjects (SP-10K)",
    "sp10k_dobj": "plausible objects (SP-10K)",
    "sp10k_amod": "plausible adjectives (SP-10K)",
    "ud_syntax": "linked words (UD)",
    "ud_syntax.from_head": "linked words from the head (UD)",
    "ud_parts_of_speech": "noun-verb over verb-article pairs (UD)",
    "ud_parts_of_speech.types": "noun-verb over verb-article word types (UD)",
    "attention_roles": "attention by part of speech (UD)",
    "scws": "words in context (SCWS)",
    "scws.same_word": "same word in context (SCWS)",
    "scws.different_words": "different words in context (SCWS)",
    "wic_dev": "same sense (WiC, development)",
    "wic_test": "same sense (WiC)",
    "sense_shift": "shift by sense (WiC)",
    "last_word": "last word of a sentence",
    "copying": "copying of words",
    "ngram_rules": "n-gram rules",
    "induction": "word behind a repeated word",
    "word_order": "order of the context",
    "learned_weights": "learned weights",
    "neighbour_agreement": "agreement on neighbours",
    "lift_agreement": "agreement on pairs",
    "lift_agreement.query_key": "agreement on pairs (query · key)",
    "lift_agreement.in_out": "agreement on pairs (input · output)",
    "lift_agreement.value_out": "agreement on pairs (value · output)",
    "held_out_loss": "held-out loss",
    "held_out_loss.masked_word": "masked-word loss",
    "held_out_loss.next_word": "next-word loss",
    "per_token_loss_dev": "per-token loss (development)",
    "per_token_loss": "per-token loss",
    "per_token_loss.masked_word.as_trained": "per-token masked-word loss (as trained)",
    "per_token_loss.masked_word.calibrated": "per-token masked-word loss (calibrated)",
    "per_token_loss.next_word.as_trained": "per-token next-word loss (as trained)",
    "per_token_loss.next_word.calibrated": "per-token next-word loss (calibrated)",
    "verb_triples": "noun or determiner of a verb",
    "changed_context": "loss of a changed context",
    "calibrated_loss": "calibrated loss",
    "calibrated_loss.masked_word": "calibrated masked-word loss",
    "calibrated_loss.next_word": "calibrated next-word loss",
    "held_out_by_class": "loss by part of speech",
    "held_out_by_class.masked_word": "masked-word loss by part of speech",
    "held_out_by_class.next_word": "next-word loss by part of speech",
}
_VARIANTS = {"mul": "3CosMul", "only_b": "nearest word to b"}
"""The last part of a task's name that is a variant of it, not a part of its items."""

_EMBEDDINGS = {
    "input": "input vectors",
    "output": "output vectors",
    "input+output": "input + output vectors",
    "query": "query vectors",
    "key": "key vectors",
    "value": "value vectors",
    "static": "word vectors without context",
    "context": "state in context",
    "joined": "word vector and state joined",
    "in.in": "input · input",
    "in.out": "input · output",
    "out.in": "output · input",
    "q.k": "query · key",
    "k.q": "key · query",
    "value.out": "value · output",
    "cosine": "cosine",
    "q.k.lift": "query · key (lift)",
    "in.out.lift": "input · output (lift)",
    "value.out.lift": "value · output (lift)",
    "pmi": "PMI",
    "conditional": "counted log p(b | a)",
    "attention": "mean attention weight",
    "attention.norm": "mean attention weight × value length",
    "exchanged": "query and key exchanged",
    "offsets": "learned scores of positions",
    "words": "learned scores of words",
}
_CENTRED = "centred"
_HEAD = re.compile(r"\.head(\d+)(?=\.lift$)")

_MEASURES = {
    "accuracy": "accuracy",
    "precision": "precision at k",
    "auc": "AUC",
    "loss_per_token": "nats per token",
    "spearman": "Spearman correlation",
    "overlap": "shared nearest words",
    "rank_correlation": "rank correlation of cosines",
    "lift_correlation": "rank correlation of lifts",
    "cka": "CKA",
    "procrustes": "distance after Procrustes",
}
_STATISTICS = {
    "added_loss": "added loss (nats per token)",
    "added_loss_per_hidden_word": "added loss (nats per hidden word)",
    "copying_score": "copying score (−1 to 1)",
    "coefficient": "coefficient (standard deviations)",
    "effective_keys": "effective number of keys",
    "effective_share": "effective share of the keys",
    "mean_distance": "mean distance (words)",
    "mean_weight": "mean attention weight",
    "moved": "movement of the state (share of its length)",
    "relative_shift": "shift (share of the length)",
    "relative_weight": "attention beside the mean's",
    "share_negative": "share below 0",
    "share_nothing_around": "share without words around",
    "share_of_rules": "share of predictions that rules share",
    "share_positive": "share above 0",
    "share_unknown": "share of unknown words",
    "share_word_unknown": "share with an unknown word",
    "standardised_mean": "mean (standard deviations)",
    "unmoved": "share of contexts without movement",
    "quantile_05": "5% quantile",
    "quantile_25": "25% quantile",
    "quantile_50": "median",
    "quantile_75": "75% quantile",
    "quantile_95": "95% quantile",
    "sd": "standard deviation",
}

_TABLES: dict[Of, dict[str, str]] = {
    "model": _MODELS,
    "task": _TASKS,
    "embedding": _EMBEDDINGS,
    "measure": _MEASURES,
    "statistic": _STATISTICS,
}


_MEAN = mean_of([""])


def label(identifier: str, of: Of | None = None) -> str:
    """The label of an identifier; itself where it has none.

    Args:
        identifier: as the stored tables have it.
        of: what it names, where one identifier names two things (`attention` is a model and an
            embedding); else the first table that has it is taken, in the order of `Of`.
    """
    for table in (of,) if of else get_args(Of):
        if known := _FIND.get(table, _TABLES[table].get)(identifier):
            return known
    return identifier


def term(identifier: str, of: Of | None = None) -> str:
    """The label as a text of the report, which carries the identifier with it."""
    return labelled(identifier, label(identifier, of))


def _model(identifier: str) -> str:
    """Models of another recipe, or trained on shuffled text, are named after their model."""
    for suffix, words in _SUFFIXES.items():
        known = _MODELS.get(identifier.removesuffix(suffix), "")
        if known and identifier.endswith(suffix):
            return f"{known}{words}"
    return ""


def _task(identifier: str) -> str:
    """A part of a task is named after it: `bats.E01 [country - capital]`."""
    if identifier in _TASKS:
        return _TASKS[identifier]
    if identifier.startswith(_MEAN):
        return _MEAN + ", ".join(_task(row) or row for row in identifier[len(_MEAN) :].split(", "))
    whole, _, part = identifier.rpartition(".")
    known = _task(whole) if whole else ""
    return f"{known}: {_VARIANTS.get(part, part)}" if known else ""


def _embedding(identifier: str) -> str:
    whole, _, last = identifier.rpartition(".")
    if last == _CENTRED and whole in _EMBEDDINGS:
        return f"{_EMBEDDINGS[whole]} ({_CENTRED})"
    if head := _HEAD.search(identifier):
        return f"{_EMBEDDINGS.get(_HEAD.sub('', identifier), identifier)}, head {head[1]}"
    return _EMBEDDINGS.get(identifier, "")


_FIND: dict[Of, Callable[[str], str | None]] = {
    "model": _model,
    "task": _task,
    "embedding": _embedding,
}
