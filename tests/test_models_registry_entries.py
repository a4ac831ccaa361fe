from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlsplit

import pytest

from enhancer_variants.errors import InputError
from enhancer_variants.models import HubSource, RecordSource, published_models, registry
from enhancer_variants.models.registry import find_entry
from enhancer_variants.models.tokens import longest_sequence

ENTRIES = published_models()


def test_every_entry_is_complete_and_fits_its_model() -> None:
    for entry in ENTRIES:
        assert re.fullmatch(r"[A-Za-z0-9-]+", entry.name)  # a name, and a folder's name
        assert entry.description, entry.name
        assert entry.citation, entry.name
        assert entry.licence in {"Apache-2.0", "CC-BY-NC-4.0"}, entry.name
        assert urlsplit(entry.homepage).scheme == "https", entry.name
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in entry.sha256.values())
        # Where no checksum holds the weights, a sentence says so.
        assert bool(entry.sha256) != any("checksum" in doubt for doubt in entry.unverified)


def test_every_model_with_a_classifier_has_a_window_that_it_can_read() -> None:
    for entry in ENTRIES:
        if entry.base:
            assert entry.window_length is entry.max_seq_length is entry.padding is None
        else:
            assert entry.padding == "dnabert"
            assert entry.window_length <= longest_sequence(entry.kmer, entry.max_seq_length)


def test_names_are_there_once_ignoring_case() -> None:
    assert set(Counter(entry.name.casefold() for entry in ENTRIES).values()) == {1}


def test_the_enhancer_models_read_201_and_350_bases() -> None:
    short, long = (find_entry(f"DNABERT-Enhancer-{number}") for number in (201, 350))
    assert (short.window_length, short.max_seq_length) == (201, 200)
    assert (long.window_length, long.max_seq_length) == (350, 350)
    assert {short.source.address, long.source.address} == {
        "https://zenodo.org/api/records/19157566"
    }
    assert (short.hint, long.hint) == ("201", "350")


def test_the_base_models_are_those_of_3_to_6_bases() -> None:
    bases = [entry for entry in ENTRIES if entry.base]
    assert [entry.kmer for entry in bases] == [3, 4, 5, 6]
    assert all(e.source.repository == f"zhihan1996/DNA_bert_{e.kmer}" for e in bases)


def test_the_models_of_factors_are_462_and_not_for_commerce() -> None:
    members = [entry for entry in ENTRIES if entry.collection == "DeepVRegulome"]
    assert len(members) == 462
    assert all(entry.non_commercial and entry.window_length == 301 for entry in members)
    ctcfl = find_entry("DeepVRegulome-CTCFL")
    assert ctcfl.source == HubSource("duttaprat/DeepVRegulome", "main", "models/CTCFL")
    assert (ctcfl.label, ctcfl.hint) == ("CTCFL", "CTCFL")
    assert ctcfl.sha256.keys() == {"pytorch_model.bin"}
    assert "CTCFL" in ctcfl.description


def test_only_nc_as_a_part_of_the_licence_is_non_commercial() -> None:
    entry = find_entry("DNABERT-6")
    assert not entry.non_commercial
    assert isinstance(find_entry("DNABERT-Enhancer-201").source, RecordSource)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("dnabert-6", "did you mean DNABERT-6"),
        ("DeepVRegulome-CTCF", "did you mean DeepVRegulome-CTCF"),
        ("nothing like it", "no published model is called 'nothing like it'; 'enhancer-variants"),
        ("DeepVRegulome", "collection of 462 models"),
    ],
)
def test_another_name_is_an_error_that_names_those_alike(name: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        find_entry(name)


def test_public_names_are_there_and_no_others() -> None:
    assert dir(registry) == sorted(registry.__all__, key=lambda name: (name.islower(), name))
    assert all(getattr(registry, name) is not None for name in registry.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = registry.nonsense
