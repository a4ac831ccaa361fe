"""The input files of the bundled models, each with its checksum: no other bytes are trained on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from enhancer_variants.errors import InputError

__all__ = [
    "COLLECTIONS",
    "ELEMENTS",
    "GENOME",
    "NHLF_CLASSES",
    "SEQUENCES",
    "Source",
    "checksums",
    "require_sources",
]


@dataclass(frozen=True, slots=True)
class Source:
    """A file of labelled sequences.

    Attributes
    ----------
    path
        Below the data folder.
    collection
        Key of `COLLECTIONS`.
    part
        What its publishers have it for; a ``train`` file with coordinates is divided by contig.
    label
        Output of the network that its classes are about.
    value
        Class of all its sequences; None where the file has one for each.
    sha256
        Checksum of the file as it is, compressed or not.
    """

    path: str
    collection: str
    part: Literal["train", "test"]
    label: str
    value: int | None
    sha256: str


COLLECTIONS: Final = {
    "ctcf": "CTCF peaks and matched negatives, 314-360 bp, hg19, chr14-22",
    "nanog": "NANOG peaks of H1-hESC and negatives, 200 bp, hg19",
    "h1esc": "ENCODE ChIP-seq peaks of twelve factors in H1-hESC, 101 bp",
    "nfe2": "ENCODE ChIP-seq peaks of NFE2 in GM12878 (test sequences alone, to leave them out)",
    "ienhancer": "iEnhancer-2L, 200 bp, hg19 (Liu B et al. 2016, Bioinformatics 32:362-369)",
    "sample200": "the labelled 200 bp sample of DavuluriLab/DNABERT_Enhancer",
    "sample202": "the 202 bp sample of DavuluriLab/DNABERT-Enhancer",
    "nhlf": "NHLF enhancers of about 1 kb (HaoWuLab-Bioinformatics/Enhancer-MDLF)",
}
"""What the sequences are. None of them comes with a licence to hand them on."""

SEQUENCES: Final = (
    Source(
        "tf/ctcf/postest.fa.gz",
        "ctcf",
        "train",
        "CTCF",
        1,
        "4f56ea07be74f291fe2f2bccd924050ff713097c569d50fe4ba3d1924275fd9e",
    ),
    Source(
        "tf/ctcf/negtest.fa.gz",
        "ctcf",
        "train",
        "CTCF",
        0,
        "9f62d26e51250935990c5fd385e5702839d6cc3f8b32365dba61f9882ade8f5f",
    ),
    Source(
        "tf/nanog/positives_train.fa.gz",
        "nanog",
        "train",
        "NANOG",
        1,
        "a1e8ef744bd43b4038bcaab0440dace338fd3f1d81c994f85bd8080f81118063",
    ),
    Source(
        "tf/nanog/negatives_train.fa.gz",
        "nanog",
        "train",
        "NANOG",
        0,
        "ddb52490c424c28ab00b508d41957dcc300a4eab411c8aa57f20d36a26a59fae",
    ),
    Source(
        "tf/h1esc/SERBP1_H1-hESC_HudsonAlpha_AC.seq.gz",
        "h1esc",
        "train",
        "SERBP1",
        None,
        "804e3436d39b227a82fb89f161db17a93a5b262c1f42216ec5f0182a6b91c5fe",
    ),
    Source(
        "tf/h1esc/SRF_H1-hESC_SRF_HudsonAlpha_AC.seq.gz",
        "h1esc",
        "train",
        "SRF",
        None,
        "33e46d27403bfd97ea2c045066481277f65d5652b957207ad4ed7afacfac786c",
    ),
    Source(
        "tf/h1esc/SUZ12_H1-hESC_SUZ12_USC_AC.seq.gz",
        "h1esc",
        "train",
        "SUZ12",
        None,
        "5345b3b507b08b375cfda77dd9ea32a5ac027ee3b45cd3722ff29521135a641f",
    ),
    Source(
        "tf/h1esc/TAF1_H1-hESC_TAF1_HudsonAlpha_AC.seq.gz",
        "h1esc",
        "train",
        "TAF1",
        None,
        "fb40049957e4033c7c18d4df0824770ce8655ab9e0ee5bdec21aef3c2c306d79",
    ),
    Source(
        "tf/h1esc/TAF7_H1-hESC_TAF7_(SC-101167)_HudsonAlpha_AC.seq.gz",
        "h1esc",
        "train",
        "TAF7",
        None,
        "e10d25ed9206b3de672633f26d8c54573233e3a9aecededd5d9ae232b4b585f5",
    ),
    Source(
        "tf/h1esc/TBP_H1-hESC_TBP_Stanford_AC.seq.gz",
        "h1esc",
        "train",
        "TBP",
        None,
        "f752124eb275dbf72b314f3f7014fc672d489eeac7305698c66c9e3ee3d6e4c0",
    ),
    Source(
        "tf/h1esc/TCF12_H1-hESC_TCF12_HudsonAlpha_AC.seq.gz",
        "h1esc",
        "train",
        "TCF12",
        None,
        "60741d3d66e7c6e738e249c2e3bf862b0e5e464b0342f81202e5ac8f2a4a24eb",
    ),
    Source(
        "tf/h1esc/TEAD4_H1-hESC_TEAD4_(SC-101184)_HudsonAlpha_AC.seq.gz",
        "h1esc",
        "train",
        "TEAD4",
        None,
        "6f41f518a75470f44fd35050a3756982e2e05912f5dfc4197c0e84fc21b1b9b5",
    ),
    Source(
        "tf/h1esc/USF1_H1-hESC_USF-1_HudsonAlpha_AC.seq.gz",
        "h1esc",
        "train",
        "USF1",
        None,
        "a7c7b1176abf274ce7b962acd1e8c549e40979b236d3a67a2100a4d6a7c069a4",
    ),
    Source(
        "tf/h1esc/USF2_H1-hESC_USF2_Stanford_AC.seq.gz",
        "h1esc",
        "train",
        "USF2",
        None,
        "8b5ad2cbca4bd11dd7a8e92660330611f21308fb80701810d079da47842afba6",
    ),
    Source(
        "tf/h1esc/YY1_H1-hESC_YY1_(SC-281)_HudsonAlpha_AC.seq.gz",
        "h1esc",
        "train",
        "YY1",
        None,
        "03c8e2963a2e260790226c6662abf7c6760ae8ce16f7d217581b27b3efd6e144",
    ),
    Source(
        "tf/h1esc/ZNF143_H1-hESC_Znf143_(16618-1-AP)_Stanford_AC.seq.gz",
        "h1esc",
        "train",
        "ZNF143",
        None,
        "171ea7c49393d39ef19e8a79645af22615a166183a7b5d89b9b6dc409c861a71",
    ),
    Source(
        "tf/h1esc/SERBP1_H1-hESC_HudsonAlpha_B.seq.gz",
        "h1esc",
        "test",
        "SERBP1",
        None,
        "5af43299d693db81cdbc01fccfd2a6c7415f6d8adca810ef5b9c9206c9214c35",
    ),
    Source(
        "tf/h1esc/SRF_H1-hESC_SRF_HudsonAlpha_B.seq.gz",
        "h1esc",
        "test",
        "SRF",
        None,
        "64c03d38d25206d0d7771aa4c4d8a1135c1dde859a2cb3574fb4b9bc47e81cd3",
    ),
    Source(
        "tf/h1esc/SUZ12_H1-hESC_SUZ12_USC_B.seq.gz",
        "h1esc",
        "test",
        "SUZ12",
        None,
        "8cfce2e0042064886057e0de0fc155fddf8291376fd18a11973ce4018e698f24",
    ),
    Source(
        "tf/h1esc/TAF1_H1-hESC_TAF1_HudsonAlpha_B.seq.gz",
        "h1esc",
        "test",
        "TAF1",
        None,
        "5027853d044f7a12248470aee5f1f1fda182ff9d6e42a0ad9fb7a210743e0828",
    ),
    Source(
        "tf/h1esc/TAF7_H1-hESC_TAF7_(SC-101167)_HudsonAlpha_B.seq.gz",
        "h1esc",
        "test",
        "TAF7",
        None,
        "6608cae4bee632984e816aa2e2bcd4048144a9bada0ec25eb2d816ef70607cbc",
    ),
    Source(
        "tf/h1esc/TBP_H1-hESC_TBP_Stanford_B.seq.gz",
        "h1esc",
        "test",
        "TBP",
        None,
        "d770aba9a98d171b124e225f74ba41d851e69a29701dc73f239ef0fcc3c1fef0",
    ),
    Source(
        "tf/h1esc/TCF12_H1-hESC_TCF12_HudsonAlpha_B.seq.gz",
        "h1esc",
        "test",
        "TCF12",
        None,
        "9c905e87634af197a1e6e854c04b78b8348c220b5409ee2c34d2dd05c07b3d73",
    ),
    Source(
        "tf/h1esc/TEAD4_H1-hESC_TEAD4_(SC-101184)_HudsonAlpha_B.seq.gz",
        "h1esc",
        "test",
        "TEAD4",
        None,
        "bf01de236017d580e2177a16a3643d214095c3d95c33c5ae4d4f6f398e968102",
    ),
    Source(
        "tf/h1esc/USF1_H1-hESC_USF-1_HudsonAlpha_B.seq.gz",
        "h1esc",
        "test",
        "USF1",
        None,
        "08301b5caf0a767a7c3144d9cbd9f40d95932a8cd87396227e277ca3820c66ff",
    ),
    Source(
        "tf/h1esc/USF2_H1-hESC_USF2_Stanford_B.seq.gz",
        "h1esc",
        "test",
        "USF2",
        None,
        "c8f2e9227938d1097468a32e3ec7d907514246dd8f1caa7666676623fc6cf44c",
    ),
    Source(
        "tf/h1esc/YY1_H1-hESC_YY1_(SC-281)_HudsonAlpha_B.seq.gz",
        "h1esc",
        "test",
        "YY1",
        None,
        "fdd939825292ee8faa0c69751be3daf6e5707ea533287a7a17bd1fc66924bd85",
    ),
    Source(
        "tf/h1esc/ZNF143_H1-hESC_Znf143_(16618-1-AP)_Stanford_B.seq.gz",
        "h1esc",
        "test",
        "ZNF143",
        None,
        "6872c9fcb2992ecd988bc5131eeac6a9f179b969d0e265d6b17b48f92bd052c5",
    ),
    Source(
        "tf/nfe2/wgEncodeSydhTfbsGm12878Nfe2hStdAlnRep0.test.fa",
        "nfe2",
        "test",
        "NFE2",
        1,
        "5b94b8e8a3c0775891f3ec3d7fc7ee625fd4592297338720bb9b01ff29bba9a0",
    ),
    Source(
        "tf/nfe2/wgEncodeSydhTfbsGm12878Nfe2hStdAlnRep0.neg.test.fa",
        "nfe2",
        "test",
        "NFE2",
        0,
        "82ac9e12895fd870afc852294f93a59f726595bafda4b115b4b2c8ceca3efce0",
    ),
    Source(
        "enhancer/original_enhancer_train.txt",
        "ienhancer",
        "train",
        "enhancer",
        1,
        "5aa1336bc38a675f579244e9dabb3c689abb835880eb42b1ba54451cc667ba61",
    ),
    Source(
        "enhancer/original_non_enhancer_train.txt",
        "ienhancer",
        "train",
        "enhancer",
        0,
        "661abf8105ff64905d9a64b609c4112af637ee44b3157ad8742f03960ded3412",
    ),
    Source(
        "enhancer/original_enhancer_ind.txt",
        "ienhancer",
        "test",
        "enhancer",
        1,
        "9bfa5e4c8c444dc9090782c4f29cd17f642eb85a35d8077c24a4fecb976edec4",
    ),
    Source(
        "enhancer/original_non_enhancer_ind.txt",
        "ienhancer",
        "test",
        "enhancer",
        0,
        "deb9f732de90814b0b80bf48e224778746765eb8915a5c0f4501de8510eec3fa",
    ),
    Source(
        "enhancer/dnabert_enhancer_sample_200bp.csv",
        "sample200",
        "train",
        "enhancer",
        None,
        "2ed15e7472a3a8684eef129965be56a565e5f8e8fd2f8324d3f325a06a4e4fe8",
    ),
    Source(
        "enhancer/dnabert_enhancer_train_202bp.tsv.gz",
        "sample202",
        "train",
        "enhancer",
        None,
        "d60092f07f85e0c9166963665e67c0a98c1c08588652401f9195b3bc7223f933",
    ),
    Source(
        "enhancer/dnabert_enhancer_dev_202bp.tsv.gz",
        "sample202",
        "test",
        "enhancer",
        None,
        "77a297907c5c0c7ac40c4f1ba41b93a9ca84033f32feacd44882bc571e9437c8",
    ),
    Source(
        "enhancer/nhlf/data_train_NHLF.fasta.gz",
        "nhlf",
        "train",
        "enhancer",
        None,
        "6fbe4d45ea5014ec6c4daaaf9257c5205159536479aa6b9d1411bace0a7d3265",
    ),
    Source(
        "enhancer/nhlf/data_test_NHLF.fasta.gz",
        "nhlf",
        "test",
        "enhancer",
        None,
        "d94fab1ba936ba9238ceed6e681c3a4eed7373f4eac3cabc73c77c58a7fc209a",
    ),
)
"""Every file of labelled sequences, in the order in which they are read."""

NHLF_CLASSES: Final = {
    "enhancer/nhlf/data_train_NHLF.fasta.gz": (
        "enhancer/nhlf/data_train_NHLF_y_train.txt.gz",
        "98e84761be03d890944c5943afa62117d81205c981c6ae928b155d3bb514d352",
    ),
    "enhancer/nhlf/data_test_NHLF.fasta.gz": (
        "enhancer/nhlf/data_test_NHLF_y_test.txt.gz",
        "5651311c62ad92577b37283265c7777d5aa87073c3d02598620d60ba1d7a3e43",
    ),
}
"""The NHLF sequences have their classes in a second file: its path and checksum."""

GENOME: Final = {
    "genome/hg19_sparse.fa.gz": (
        "c77fd7888dbad41470e47579443d79c98bcb1ae55682c9dfaaff83d7f91de609"
    ),
    "genome/hg19_sparse.fa.gz.fai": (
        "1f21e3e09f29e115f86da44e0d8e4ea4313cbfc7d9277899462b54e49d1b62ba"
    ),
    "genome/hg19_sparse.fa.gz.gzi": (
        "31b6a728c896ba7f01765e8ff49dbe07416d5468c1343736c874356489c0b918"
    ),
}
"""hg19 where its bases are known: the held-out contigs, so that no training sequence shares a
32-mer with them. With its index."""

ELEMENTS: Final = {
    "mpra/hg38_elements.fa.gz": (
        "5ad769c492b45bd014aa1980364f57624191d0b36226ff8959636805aa545e7c"
    ),
    "mpra/hg38_elements.fa.gz.fai": (
        "d8d904b0ae658b2efad8ad8dd6f0d90117edb5cef5b98f0aafff68567b16017b"
    ),
    "mpra/hg38_elements.fa.gz.gzi": (
        "8237a6af650df48c071260eaa09254b2eee36418ef8a8b45519159cdcf00df6b"
    ),
}
"""Sequences of the elements whose variants were measured, to leave them out of training. With
their index. What was measured is in another file, which is not read."""


def checksums() -> dict[str, str]:
    """SHA-256 of every input file, by its path below the data folder."""
    named = {source.path: source.sha256 for source in SEQUENCES}
    return dict(sorted((named | dict(NHLF_CLASSES.values()) | GENOME | ELEMENTS).items()))


def require_sources(data: Path) -> None:
    """Refuse a data folder in which a file is missing or is not the one that is named here.

    Raises
    ------
    InputError
        With the file, its checksum and the one that was expected.
    """
    for path, expected in checksums().items():
        if not (data / path).is_file():
            raise InputError(f"{data / path}: no such file; expected SHA-256 {expected}")
        with (data / path).open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != expected:
            raise InputError(
                f"{data / path}: SHA-256 {found}, expected {expected}: another file would make "
                "another model"
            )
