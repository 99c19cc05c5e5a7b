"""What the command line says to bad input: a message that helps, exit code 2, nothing lost."""

import json

import pytest

from lamour_jax import memory
from lamour_jax.cli.main import main


def refused(capsys, *arguments: str) -> str:
    """Runs a command that must be refused; returns what it said."""
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("lamour: ")
    assert "Traceback" not in said
    return said


def test_unknown_robot_lists_the_known(capsys):
    said = refused(capsys, "evaluate", "--env", "unicorn")
    assert "'unicorn'" in said
    for robot in ("ant", "half_cheetah", "hopper", "walker2d"):
        assert robot in said


def test_unknown_start_engine_method_and_preset_list_the_known(capsys, tmp_path):
    hopper = ["--env", "hopper"]
    assert "normal, ood" in refused(capsys, "evaluate", *hopper, "--start", "space")
    assert "native" in refused(capsys, "evaluate", *hopper, "--physics", "magic")
    said = refused(capsys, "recover", *hopper, "--start", "normal", "--out", str(tmp_path / "run"))
    assert "choose ood or battery" in said
    said = refused(capsys, "evaluate", *hopper, "--start", "battery", "--exact")
    assert "--start ood" in said
    assert "sac_zero" in refused(capsys, "recover", *hopper, "--method", "magic")
    said = refused(capsys, "recover", *hopper, "--preset", "magic", "--out", str(tmp_path / "run"))
    assert "paper" in said
    assert not (tmp_path / "run").exists()


def test_robot_without_a_shipped_policy_says_how_to_get_one(capsys, monkeypatch):
    monkeypatch.setattr("lamour_jax.cli.policies.shipped_policy", lambda robot: None)
    said = refused(capsys, "recover", "--env", "ant")
    assert "--policy" in said
    assert "lamour pretrain --env ant" in said
    assert "lamour import" in said


def test_missing_and_foreign_policies(capsys, tmp_path):
    said = refused(capsys, "evaluate", str(tmp_path / "none.msgpack"), "--env", "hopper")
    assert "there is no policy at" in said
    foreign = tmp_path / "foreign.msgpack"
    foreign.write_bytes(b"not a policy")
    said = refused(capsys, "evaluate", str(foreign), "--env", "hopper")
    assert "is not a lamour_jax policy" in said
    assert foreign.read_bytes() == b"not a policy"


def test_policy_of_another_robot(capsys, hopper_policy):
    said = refused(capsys, "evaluate", str(hopper_policy), "--env", "half_cheetah")
    assert "11 observations" in said
    assert "17" in said


def test_reward_file_with_a_syntax_error_names_the_line(capsys, tmp_path):
    file = tmp_path / "reward.py"
    file.write_text(
        "import numpy as np\ndef is_recovered(state):\n    return state[0] >\n\n"
        "def calculate_reward(state, action):\n    return -abs(state[1])\n"
    )
    assert main(["check", str(file), "--env", "hopper", "--out", str(tmp_path / "out")]) == 2
    assert "line 3" in capsys.readouterr().out
    said = refused(
        capsys, "recover", "--env", "hopper", "--reward", str(file), "--out", str(tmp_path / "run")
    )
    assert "line 3" in said


def test_missing_reward_file(capsys, tmp_path):
    said = refused(capsys, "check", str(tmp_path / "none.py"), "--env", "hopper")
    assert "none.py" in said


def test_output_folder_that_holds_another_run_is_left_alone(capsys, tmp_path):
    config = {"kind": "recover"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    said = refused(capsys, "recover", "--env", "hopper", "--out", str(tmp_path))
    assert "holds another run" in said and "remove it" in said and "--resume" not in said
    assert json.loads((tmp_path / "config.json").read_text()) == config
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
    (tmp_path / "checkpoint" / "500").mkdir(parents=True)
    said = refused(capsys, "recover", "--env", "hopper", "--out", str(tmp_path))
    assert "holds another run" in said and "--resume" in said


def test_output_folder_with_other_files_is_left_alone(capsys, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    said = refused(capsys, "recover", "--env", "hopper", "--out", str(tmp_path))
    assert "holds files" in said
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_resume_without_a_run(capsys, tmp_path):
    assert "--out" in refused(capsys, "recover", "--resume")
    said = refused(capsys, "recover", "--resume", "--out", str(tmp_path / "none"))
    assert "there is no run" in said


def test_numbers_out_of_range(capsys, tmp_path):
    out = ["--out", str(tmp_path / "run")]
    said = refused(capsys, "recover", "--env", "hopper", "--num-envs", "0", *out)
    assert "--num-envs must be at least 1" in said
    said = refused(capsys, "recover", "--env", "hopper", "--updates", "0", *out)
    assert "--updates must be at least 1" in said
    many = ["--preset", "scale", "--num-envs", "3000000", *out]
    said = refused(capsys, "recover", "--env", "hopper", *many)
    assert "--num-envs must be at most replay_capacity = 2000000" in said
    assert "--episodes" in refused(capsys, "evaluate", "--env", "hopper", "--episodes", "0")


def test_plans_that_make_no_sense(capsys, hopper_policy):
    hopper = ["plan", "--env", "hopper", "--policy", str(hopper_policy)]
    assert "choose ood or battery" in refused(capsys, *hopper, "--start", "normal")
    assert "--episodes must be at least 1" in refused(capsys, *hopper, "--episodes", "0")
    assert "--steps must be at least 1" in refused(capsys, *hopper, "--steps", "0")
    assert "none.py" in refused(capsys, *hopper, "--reward", "none.py")


def test_settings_given_by_name(capsys, tmp_path):
    hopper = ["recover", "--env", "hopper", "--out", str(tmp_path / "run"), "--set"]
    assert "NAME=VALUE" in refused(capsys, *hopper, "tau")
    assert "tau twice" in refused(capsys, *hopper, "tau=1", "tau=2")
    said = refused(capsys, *hopper, "aux_koef=1")
    assert "no setting 'aux_koef'" in said and "aux_coef" in said
    assert "tau must be float, not 'high'" in refused(capsys, *hopper, "tau=high")
    assert "original policy's own" in refused(capsys, *hopper, "hidden_sizes=[8,8]")
    said = refused(capsys, *hopper, "num_envs=8", "--num-envs", "8")
    assert "--num-envs or --set num_envs" in said
    assert not (tmp_path / "run").exists()


def test_devices_are_looked_at_before_reward_code_is(capsys, tmp_path):
    out = ["--out", str(tmp_path / "run")]
    assert main(["recover", "--env", "half_cheetah", "--devices", "99", *out]) == 2
    said = capsys.readouterr()
    assert "--devices must be" in said.err and "not 99" in said.err
    assert not said.out  # no answer of the language model


def test_a_refused_run_costs_no_time_and_leaves_no_folder(
    monkeypatch, capsys, tmp_path, hopper_policy
):
    monkeypatch.setattr(memory, "_limit", lambda device: 250 * 10**6)
    recover = ["recover", "--env", "hopper", "--policy", str(hopper_policy), "--method", "sac_zero"]
    out = tmp_path / "run"
    for _ in range(2):
        assert main([*recover, "--seeds", "1", "2", "3", "4", "5", "--out", str(out)]) == 2
        said = capsys.readouterr()
        assert "of 5 members, of which" in said.err
        assert "original policy" not in said.out
        assert not out.exists()


@pytest.mark.parametrize("name", ["demo", "generate", "check", "plan", "recover", "evaluate"])
def test_every_command_explains_itself(capsys, name):
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert "usage: lamour" in capsys.readouterr().out
