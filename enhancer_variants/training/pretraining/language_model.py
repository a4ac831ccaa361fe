"""The masked language model: DNABERT's encoder with BERT's head that guesses hidden k-mers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - the name by which torch's own examples know it
from torch import Tensor, nn

from enhancer_variants.models import DnabertNetwork
from enhancer_variants.training.masking import IGNORED

__all__ = ["HEAD_NAMES", "MaskedLanguageModel"]

HEAD_NAMES: Final[Mapping[str, str]] = {
    "transform.weight": "cls.predictions.transform.dense.weight",
    "transform.bias": "cls.predictions.transform.dense.bias",
    "transform_norm.weight": "cls.predictions.transform.LayerNorm.weight",
    "transform_norm.bias": "cls.predictions.transform.LayerNorm.bias",
    "bias": "cls.predictions.bias",
}
"""Name of each tensor of the head here, and in a checkpoint of BertForMaskedLM."""

_PLACES_AT_ONCE: Final = 256
"""The number of guesses in a step is rounded up to a multiple of this."""


class MaskedLanguageModel(nn.Module):
    """Guess hidden tokens from those around them.

    ``transformers.BertForMaskedLM`` without dropout in its head: a linear layer, GELU and layer
    norm on the states of the last layer, then their products with the word embeddings.

    Parameters
    ----------
    network
        The encoder, trained in place. Its pooler and classifier take no part and stay as they are.

    Examples
    --------
    >>> from enhancer_variants.models import NetworkConfig
    >>> network = DnabertNetwork(NetworkConfig(69, 8, 1, 2, 16, 32, 2, 1e-12, 2))
    >>> model = MaskedLanguageModel(network)
    >>> ids, labels = torch.tensor([[2, 4, 6, 3]]), torch.tensor([[-100, 5, -100, -100]])
    >>> model.guesses(ids, torch.tensor([4]), labels).shape
    torch.Size([1, 69])
    """

    def __init__(self, network: DnabertNetwork) -> None:
        super().__init__()
        config = network.config
        self.network = network
        self.transform = nn.Linear(config.hidden_size, config.hidden_size)
        self.transform_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        # Parameters without a gradient would stop a run on several GPUs.
        network.pooler.requires_grad_(False)
        network.classifier.requires_grad_(False)

    def forward(self, ids: Tensor, lengths: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Mean cross entropy of the hidden tokens.

        Parameters
        ----------
        ids
            (B, L) token ids, some of them hidden.
        lengths
            (B,) tokens of each row without its padding.
        labels
            (B, L) true ids of what is to be guessed, -100 elsewhere.

        Returns
        -------
        dict
            ``loss``, in nats; 0 where nothing is hidden.
        """
        flat = labels.flatten()
        places = torch.nonzero(flat != IGNORED).flatten()
        hidden = len(places)
        # Blocks of equal size can be used again; those of ever other sizes eat up the memory.
        filling = places.new_zeros(-hidden % _PLACES_AT_ONCE)
        true = torch.cat([flat[places], torch.full_like(filling, IGNORED)])
        guesses = self._guesses_at(torch.cat([places, filling]), ids, lengths)
        total = F.cross_entropy(guesses, true, ignore_index=IGNORED, reduction="sum")
        return {"loss": total / max(1, hidden)}

    def guesses(self, ids: Tensor, lengths: Tensor, labels: Tensor) -> Tensor:
        """Logits of the hidden tokens alone, (hidden, vocabulary), float32, in row order."""
        places = torch.nonzero(labels.flatten() != IGNORED).flatten()
        return self._guesses_at(places, ids, lengths)

    def _guesses_at(self, places: Tensor, ids: Tensor, lengths: Tensor) -> Tensor:
        """Logits of the tokens at places of the flattened batch."""
        states = self.network.hidden_states(ids, lengths).flatten(0, 1)[places]
        transformed = self.transform_norm(F.gelu(self.transform(states)))
        logits = F.linear(transformed, self.network.word_embeddings.weight, self.bias)
        return logits.float()

    def head_tensors(self) -> dict[str, Tensor]:
        """Tensors of the head by the names of a checkpoint, the tied decoder among them."""
        state = self.state_dict()
        tensors = {theirs: state[ours].detach().clone() for ours, theirs in HEAD_NAMES.items()}
        words = self.network.word_embeddings.weight.detach()
        return {**tensors, "cls.predictions.decoder.weight": words.clone()}

    def load_head(self, tensors: Mapping[str, Tensor]) -> bool:
        """Take the head of a checkpoint over, where it has the whole of one.

        Parameters
        ----------
        tensors
            Tensors by the names of a checkpoint; others than the head's are not looked at.

        Returns
        -------
        bool
            Whether it was taken over.
        """
        own = dict(self.named_parameters())
        found = {ours: tensors.get(theirs) for ours, theirs in HEAD_NAMES.items()}
        if not all(t is not None and t.shape == own[name].shape for name, t in found.items()):
            return False
        with torch.no_grad():
            for name, tensor in found.items():
                if tensor is not None:
                    own[name].copy_(tensor)
        return True
