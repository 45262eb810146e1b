from pathlib import Path

from warehouse.doctor.disk import check_disk, measure_free_bytes
from warehouse.doctor.findings import Status


def test_under_two_gigabytes_is_a_warning(tmp_path: Path):
    (scarce,) = check_disk(tmp_path, lambda _: 1_900_000_000)
    assert scarce.status is Status.WARNING
    assert "1.9 GB" in scarce.message
    (plenty,) = check_disk(tmp_path, lambda _: 2_000_000_000)
    assert plenty.status is Status.OK


def test_a_folder_to_be_made_is_measured_where_it_will_be(tmp_path: Path):
    assert measure_free_bytes(tmp_path / "not" / "yet") > 0


def test_a_disk_that_cannot_be_measured_is_an_error(tmp_path: Path):
    def fail(_: Path) -> int:
        raise OSError(5, "Input/output error")

    (finding,) = check_disk(tmp_path, fail)
    assert finding.status is Status.ERROR
    assert "Input/output error" in finding.message
