"""What products write beside devices: the version of the config, and the names of SCSI controllers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build import SCSI_DISK, make_disk, write_config
from changes.told import settings

from vmxtool import inspect, plan_rewrite
from vmxtool.report.text.causes import rows_of

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine

# What each product writes beside hardware version 3.
WRITES = {"esx2": 6, "gsx3": 6, "ws4": 7, "ace1": 7, "ws5.0": 8, "ws5.5": 8, "server1": 8, "esx3": 8}


def of_version_3(folder: Path, config: int, controller: str) -> Machine:
    make_disk(folder / "disk.vmdk", adapter="buslogic", hw=3)
    line = f'scsi0.virtualDev = "{controller}"'
    return inspect(write_config(folder, SCSI_DISK, line, hw=3, guest="win2000serv", config=config))


@pytest.mark.parametrize("config", [6, 7, 8])
@pytest.mark.parametrize("target", WRITES)
def test_a_config_that_is_written_has_the_version_of_its_product(tmp_path: Path, target: str, config: int) -> None:
    vm = of_version_3(tmp_path, config, "buslogic" if target == "esx2" else "vmxbuslogic")
    made = settings(plan_rewrite(vm, target=target, origin="gsx3", hwversion=3))
    assert made.pop("config.version", str(config)) == str(WRITES[target])
    assert made == {"scsi0.virtualDev": "vmxbuslogic" if target == "esx2" else "buslogic"}


@pytest.mark.parametrize("config", [6, 7, 8])
@pytest.mark.parametrize("target", WRITES)
def test_an_older_config_is_not_written_for_its_version_alone(tmp_path: Path, target: str, config: int) -> None:
    vm = of_version_3(tmp_path, config, "vmxbuslogic" if target == "esx2" else "buslogic")
    made = settings(plan_rewrite(vm, target=target, origin="gsx3", hwversion=3))
    assert made == ({"config.version": str(WRITES[target])} if config > WRITES[target] else {})


def test_the_volume_of_esx_2_brings_its_config_version_too(tmp_path: Path) -> None:
    vm = of_version_3(tmp_path, 7, "vmxbuslogic")
    made = settings(plan_rewrite(vm, target="esx2", origin="ws4", vmfs_path="vmhba0:0:0:5"))
    assert made["config.version"] == "6"


def test_a_bare_version_3_takes_the_config_of_workstation_4(tmp_path: Path) -> None:
    assert settings(plan_rewrite(of_version_3(tmp_path, 7, "buslogic"), hwversion=3)) == {}


@pytest.mark.parametrize(("named", "plain"), [("vmxbuslogic", "buslogic"), ("vmxlsilogic", "lsilogic")])
@pytest.mark.parametrize("wish", [{}, {"hwversion": 4}])
def test_esx_3_gets_the_controller_by_the_name_that_it_is_known_to_read(
    tmp_path: Path, named: str, plain: str, wish: dict[str, Any]
) -> None:
    vm = of_version_3(tmp_path, 6, named)
    assert settings(plan_rewrite(vm, target="esx3", origin="esx2", **wish))["scsi0.virtualDev"] == plain
    assert "scsi0.virtualDev" not in settings(plan_rewrite(vm, target="esx2", origin="esx2"))


def test_esx_server_2_gets_the_name_of_a_controller_that_had_none(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", adapter="buslogic", hw=4)
    vm = inspect(write_config(tmp_path, SCSI_DISK, hw=4, guest="win2000serv"))
    made = plan_rewrite(vm, target="esx2", origin="ws5.5")
    assert settings(made)["scsi0.virtualDev"] == "vmxbuslogic"
    row = next(it for it in rows_of(made) if it.what == "SCSI controller's name")
    assert (row.verb, row.effect) == ("add", "vmxbuslogic, which ESX Server 2.x writes")
    assert "scsi0.virtualDev" not in settings(plan_rewrite(vm, target="ws4", origin="ws5.5"))
