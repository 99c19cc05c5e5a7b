"""Released PyTorch actors, read without PyTorch and without running what a pickle asks for."""

import collections
import io
import pickle
import sys
import types
import zipfile

import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.errors import UserError
from lamour_jax.importing import actor_params, read_state_dict
from lamour_jax.networks import Actor
from tests.conftest import ROBOTS, released_actor

SIZES = {
    "ant": (27, 8),
    "half_cheetah": (17, 6),
    "hopper": (11, 3),
    "humanoid": (67, 21),
    "walker2d": (17, 6),
}


def numpy_actions(state, obs):
    """The deterministic action as the released network defines it."""
    x = obs
    for layer in ("shared.0", "shared.3"):
        x = np.maximum(x @ state[f"{layer}.weight"].T + state[f"{layer}.bias"], 0)
    return np.tanh(x @ state["mean.weight"].T + state["mean.bias"])


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_released_actor_acts_as_its_numbers_say(robot):
    state = read_state_dict(released_actor(robot))
    obs_size, action_size = SIZES[robot]
    obs = np.random.default_rng(0).normal(size=(50, obs_size)).astype(np.float32)
    # Ant's was trained on 84 more inputs that were always zero.
    extra = state["shared.0.weight"].shape[1] - obs_size
    assert extra == (84 if robot == "ant" else 0)
    expected = numpy_actions(state, np.pad(obs, ((0, 0), (0, extra))))
    params = actor_params(state, robot, obs_size)
    mean, log_std = Actor(action_size).apply(params, jnp.asarray(obs))
    np.testing.assert_allclose(np.tanh(mean), expected, rtol=1e-4, atol=1e-5)
    assert np.std(expected) > 0.2
    hidden = obs @ np.asarray(params["params"]["shared"]["Dense_0"]["kernel"])
    assert hidden.shape == (50, 256) and log_std.shape == (50, action_size)


class _Storage:
    """What torch.save writes of a tensor: a persistent id ('storage', type, key, device, count)."""

    def __init__(self, key, count):
        self.id = ("storage", _torch("torch", "FloatStorage"), key, "cpu", count)


class _Tensor:
    """Pickles as a call of torch's own rebuilding function."""

    def __init__(self, key, count, offset, size, stride):
        storage = _Storage(key, count)
        self.parts = (storage, offset, size, stride, False, collections.OrderedDict())

    def __reduce__(self):
        return _torch("torch._utils", "_rebuild_tensor_v2"), self.parts


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj):
        return obj.id if isinstance(obj, _Storage) else None


def _torch(module, name):
    return getattr(sys.modules[module], name)


@pytest.fixture(autouse=True)
def _torch_names(monkeypatch):
    """Names to pickle by; the reader has torch no more than a user has."""

    def rebuild(*parts):
        raise AssertionError("the reader must not call torch")

    for module, name, value in (
        ("torch", "FloatStorage", type("FloatStorage", (), {"__module__": "torch"})),
        ("torch._utils", "_rebuild_tensor_v2", rebuild),
    ):
        fake = types.ModuleType(module)
        setattr(fake, name, value)
        monkeypatch.setitem(sys.modules, module, fake)
    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"


def write_archive(path, content, storages=None):
    """An archive as torch.save lays it out; `content` is pickled unless it is bytes."""
    buffer = io.BytesIO()
    if not isinstance(content, bytes):
        _Pickler(buffer, 2).dump(content)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", content if isinstance(content, bytes) else buffer.getvalue())
        for key, values in (storages or {}).items():
            archive.writestr(f"a/data/{key}", np.asarray(values, "<f4").tobytes())
    return path


def test_tensors_are_views_with_offset_and_stride(tmp_path):
    content = {
        "plain": _Tensor("0", 6, 0, (2, 3), (3, 1)),
        "turned": _Tensor("0", 6, 1, (2, 2), (1, 3)),
    }
    path = write_archive(tmp_path / "x.pt", content, {"0": range(6)})
    state = read_state_dict(path)
    np.testing.assert_array_equal(state["plain"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(state["turned"], [[1, 4], [2, 5]])


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [(0, (7,), (1,)), (5, (2,), (1,)), (-1, (2,), (1,)), (0, (2, 2), (1000, 1)), (3, (2,), (-4,))],
)
def test_a_tensor_beyond_its_storage_is_refused(tmp_path, offset, size, stride):
    tensor = _Tensor("0", 6, offset, size, stride)
    path = write_archive(tmp_path / "x.pt", {"w": tensor}, {"0": range(6)})
    with pytest.raises(UserError, match="not a PyTorch state dictionary"):
        read_state_dict(path)


def test_a_storage_cut_short_is_refused(tmp_path):
    path = write_archive(tmp_path / "x.pt", {"w": _Tensor("0", 6, 0, (6,), (1,))}, {"0": range(4)})
    with pytest.raises(UserError, match="cut short"):
        read_state_dict(path)


class _Evil:
    def __init__(self, target, *arguments):
        self.call = target, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "call",
    [
        lambda mark: _Evil(open, str(mark), "w"),
        lambda mark: _Evil(__import__("os").system, f"touch {mark}"),
        lambda mark: _Evil(eval, f"open({str(mark)!r}, 'w')"),
        lambda mark: _Evil(getattr, _Evil(__import__, "os"), "system"),
    ],
)
@pytest.mark.parametrize("where", ["value", "instead", "within"])
def test_a_malicious_pickle_is_refused_before_it_acts(tmp_path, call, where):
    mark = tmp_path / "mark"
    evil = call(mark)
    content = {"value": {"w": evil}, "instead": evil, "within": {"w": [1, {"x": (evil,)}]}}[where]
    path = write_archive(tmp_path / "x.pt", content)
    with pytest.raises(UserError, match=r"it refers to (builtins|__builtin__|io|posix|nt)\."):
        read_state_dict(path)
    assert not mark.exists()


def test_the_malice_is_real(tmp_path):
    """What the reader refuses is what pickle itself would do."""
    mark = tmp_path / "mark"
    pickle.loads(pickle.dumps(_Evil(open, str(mark), "w"))).close()
    assert mark.exists()


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.9])
def test_a_truncated_archive_is_refused(tmp_path, keep):
    path = write_archive(tmp_path / "x.pt", {"w": _Tensor("0", 6, 0, (6,), (1,))}, {"0": range(6)})
    content = path.read_bytes()
    path.write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
    with pytest.raises(UserError, match="not a PyTorch state dictionary"):
        read_state_dict(path)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        read_state_dict(tmp_path / "none.pt")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme", "hello")
    with pytest.raises(UserError, match=r"no single data\.pkl"):
        read_state_dict(tmp_path / "other.zip")
    with pytest.raises(UserError, match="a list, not a state dictionary"):
        read_state_dict(write_archive(tmp_path / "list.pt", [1, 2]))


def make_state(obs_size=11, actions=3):
    rng = np.random.default_rng(0)
    sizes = {"shared.0": (256, obs_size), "shared.3": (256, 256)}
    sizes |= dict.fromkeys(("mean", "log_std"), (actions, 256))
    state = {}
    for layer, (outputs, inputs) in sizes.items():
        state[f"{layer}.weight"] = rng.normal(size=(outputs, inputs)).astype(np.float32)
        state[f"{layer}.bias"] = rng.normal(size=outputs).astype(np.float32)
    return state


def test_missing_layers_are_named():
    state = make_state()
    del state["mean.bias"], state["shared.3.weight"]
    with pytest.raises(UserError, match=r"mean\.bias, shared\.3\.weight missing"):
        actor_params(state, "hopper", 11)


def test_the_wrong_robot_is_refused():
    with pytest.raises(UserError, match="takes 11 observations, walker2d has 17"):
        actor_params(make_state(11), "walker2d", 17)
    # 84 inputs too many are Ant's alone.
    with pytest.raises(UserError, match="takes 95 observations"):
        actor_params(make_state(95), "hopper", 11)
