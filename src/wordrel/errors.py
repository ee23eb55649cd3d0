"""The errors that a user can fix: each names the place, what was found, and the cure."""


class WordrelError(Exception):
    """Something the user can fix; the command line prints it and exits with status 2."""


class ConfigError(WordrelError):
    """One or more wrong settings; `problems` holds a line for each of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CorpusError(WordrelError):
    """A corpus that cannot be read or has nothing to train on."""


class DatasetError(WordrelError):
    """A malformed evaluation file: file, line, found, expected."""


class MissingDatasetError(DatasetError):
    """A published evaluation set that is not on this machine; with the way to get it."""


class VectorsError(WordrelError):
    """Vectors that others made and that cannot be read: file, place, found, expected."""


class NotAvailableError(WordrelError):
    """A question to which this model has no answer; the message gives the reason."""


class UnknownWordError(WordrelError):
    """A word that is not in the vocabulary; the message says why, and which words are similar."""


class DownloadError(WordrelError):
    """A file that could not be fetched, or that is not the file it should be."""


class StoreError(WordrelError):
    """A stored file that cannot be read or written, or a folder that another run is using."""


class DamagedError(StoreError):
    """A folder of the cache that does not hold what was written; it was set aside."""


class TrainingError(Exception):
    """A model that cannot be trained (its loss is infinite, say); the study goes on without it."""
