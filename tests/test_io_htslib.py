"""BCF through htslib: quietly, and with our errors."""

from __future__ import annotations

import pysam
import pysam.bcftools
import pytest

from enhancer_variants.errors import VariantFileError
from enhancer_variants.io.htslib import htslib_reader

VCF = "##contig=<ID=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t5\t.\tA\tT\t.\t.\t.\n"


def test_rows_and_nothing_on_standard_error(tmp_path, capfd):
    (tmp_path / "x.vcf").write_text("##fileformat=VCFv4.2\n" + VCF)
    paths = [str(tmp_path / name) for name in ("x.bcf", "x.vcf")]
    pysam.bcftools.view("-Ob", "-o", *paths, catch_stdout=False)
    capfd.readouterr()
    before = pysam.get_verbosity()
    with htslib_reader(str(tmp_path / "x.bcf"), "x.bcf") as rows:
        assert [row.pos for row in rows] == [5]
    assert rows.closed
    assert capfd.readouterr().err == ""
    assert pysam.get_verbosity() == before


def test_what_htslib_cannot_open(tmp_path):
    (tmp_path / "x.bcf").write_bytes(b"BCF\x02\x02" + bytes(40))
    with (
        pytest.raises(VariantFileError, match=r"name\.bcf: cannot be read as BCF .*again"),
        htslib_reader(str(tmp_path / "x.bcf"), "name.bcf"),
    ):
        pytest.fail("opened")
