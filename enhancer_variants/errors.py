"""Every exception this package raises on purpose.

::

    EnhancerVariantsError
    |- InputError (also a ValueError)       something the caller gave is wrong
    |  |- VariantFileError                  a VCF, BCF or table that cannot be read as one
    |  |- FastaError                        a reference that cannot be read as one
    |  |- AssemblyMismatchError             variants and reference are of different builds
    |  |- MotifFileError                    a motif file that cannot be read as one
    |  `- GwasFileError                     a risk list that cannot be read as one
    |- ModelError                           a model that cannot do what is asked of it
    |  |- CheckpointError                   a model directory that is damaged or of another kind
    |  |- UnsafeCheckpointError             a model directory that would run code or exhaust memory
    |  |- WindowLengthError                 a sequence longer than the model reads
    |  `- DeviceMemoryError                 a batch for which the device has too little memory
    `- MissingDependencyError (also an ImportError)

A message says what was found, what was expected, where, and what to do about it. A single
bad record is never an exception: it is a row with a status (:mod:`enhancer_variants.schema`).
"""

from __future__ import annotations

__all__ = [
    "AssemblyMismatchError",
    "CheckpointError",
    "DeviceMemoryError",
    "EnhancerVariantsError",
    "FastaError",
    "GwasFileError",
    "InputError",
    "MissingDependencyError",
    "ModelError",
    "MotifFileError",
    "UnsafeCheckpointError",
    "VariantFileError",
    "WindowLengthError",
]


class EnhancerVariantsError(Exception):
    """Base of every exception this package raises on purpose."""


class InputError(EnhancerVariantsError, ValueError):
    """Something the caller gave is wrong: a file, an argument, a name."""


class VariantFileError(InputError):
    """A variant file that cannot be read to its end as what it claims to be."""


class FastaError(InputError):
    """A reference that cannot be read as a FASTA file."""


class AssemblyMismatchError(InputError):
    """Variants and reference contradict each other: most likely two genome builds."""


class MotifFileError(InputError):
    """A motif file that cannot be read as one."""


class GwasFileError(InputError):
    """A risk list that cannot be read as one."""


class ModelError(EnhancerVariantsError):
    """A model that cannot do what is asked of it."""


class CheckpointError(ModelError):
    """A model directory that is damaged, incomplete or of another architecture."""


class UnsafeCheckpointError(ModelError):
    """A model directory whose loading would run code or exhaust memory."""


class WindowLengthError(ModelError):
    """A sequence or window that is longer than the model reads."""


class DeviceMemoryError(ModelError):
    """A batch for which the device has too little memory.

    Parameters
    ----------
    message
        What happened, with the batch size to use.
    batch_size
        Rows of the batch that did not fit.

    Attributes
    ----------
    batch_size
        Rows of the batch that did not fit; half as many are worth a try.
    """

    def __init__(self, message: str, batch_size: int = 1) -> None:
        super().__init__(message)
        self.batch_size = batch_size


class MissingDependencyError(EnhancerVariantsError, ImportError):
    """An optional package is missing; the message names the extra that brings it."""
