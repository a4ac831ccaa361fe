from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enhancer_variants.gwas.sites import addresses
from enhancer_variants.gwas.sites.addresses import AddressedLines
from enhancer_variants.gwas.sites.identifiers import identifier_key
from enhancer_variants.gwas.sites.rsid_batches import identifier_batches

HEADER = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"

IDENTIFIERS = st.one_of(
    st.integers(0, 10**18 - 1).map(lambda number: f"rs{number}"),
    st.sampled_from(
        ["RS5", "rS6", "rs1;rs2", "rs1;ss2", "rs", "rsx", "rs1x", "r", "rs1;", "rs77 "]
    ),
    st.sampled_from(["7:100:A:T", "ss1388", "rs" + "1" * 19, "rs1000000000000000000", "é"]),
)


@pytest.fixture(params=[1, 1 << 22])
def batch_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_BATCH_BYTES", request.param)
    monkeypatch.setattr(addresses, "_READ_BYTES", 100)


@pytest.mark.usefixtures("batch_bytes")
def test_keys_and_addresses_are_those_of_a_plain_scan(tmp_path: Path) -> None:
    path = tmp_path / "sites.vcf"

    @given(
        st.lists(st.one_of(IDENTIFIERS, st.sampled_from([".", "", None])), min_size=1, max_size=20)
    )
    @settings(max_examples=40)
    def holds(identifiers: list[str | None]) -> None:
        lines = [
            b"\tmalformed\n" if name is None else f"1\t9\t{name}\tA\tT\t.\t.\t.\n".encode()
            for name in identifiers
        ]
        path.write_bytes(HEADER + b"".join(lines))
        expected = sorted(
            (identifier_key(name), line[:-1])
            for names, line in zip(identifiers, lines, strict=True)
            if names not in (".", "", None)
            for name in names.split(";")
        )
        batches = list(identifier_batches(path, 2))
        places = [address for batch in batches for address in batch.addresses.tolist()]
        keys = [key for batch in batches for key in batch.keys.tolist()]
        reader = AddressedLines(path)
        assert sorted(zip(keys, reader.read(places), strict=True)) == expected
        reader.close()
        assert sum(batch.malformed for batch in batches) == identifiers.count(None)
        assert sum(batch.records + batch.malformed for batch in batches) == len(lines)
        assert batches[-1].file_bytes == path.stat().st_size

    holds()


def test_header_lines_among_the_records_are_counted_as_malformed(tmp_path: Path) -> None:
    path = tmp_path / "sites.vcf"
    path.write_bytes(HEADER + b"1\t9\trs1\tA\tT\t.\t.\t.\n" + HEADER + b"1\t9\trs2\tA\tT\t.\t.\t.")
    (batch,) = identifier_batches(path, 2)
    assert batch.keys.tolist() == [1, 2]
    assert (batch.records, batch.malformed) == (2, 2)
