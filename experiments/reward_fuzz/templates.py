"""The expressions that random rewards are made of, one template a line.

A placeholder such as <x> is drawn once in a template and then stands for the same text:

    x y z   numbers                         v w   vectors of one length
    k       a number without parts          n i   their length, a place in them
    b       a number from -9 to 9           m     a variable that holds a vector
    c d     conditions                      f     a call of a helper
    t u     a number, a condition in which `item` stands for an element
    o       a comparison operator

Arguments of what jumps or oscillates (int, floor, sin, %) are bounded: a last bit that differs
between NumPy and XLA must not decide about the result.
"""

NUMBERS = """
(<x> + <y>)
(<x> - <y>)
(<x> * <y>)
(<x> + <y>)
(<x> - <y>)
(<x> * <y>)
(<x> / 2.0)
(<x> / (1.0 + abs(<y>)))
(<x> / (abs(<y>) + 1e-6))
(<x> / <y>)
(-<x>)
(+<x>)
(<x>) ** 2
(<x>) ** 3
abs(<x>) ** 0.5
int(<b>)
round(<b>)
np.floor(<b>)
np.ceil(<b>)
math.floor(<b>)
np.round(<b>, 1)
np.sign(<b>)
(<b> % 0.7)
(<b> // 0.4)
np.mod(<b>, 0.9)
np.fmod(<b>, 0.9)
(int(<b>) % 3)
(int(<b>) // 2)
abs(<x>)
float(<x>)
max(<x>, <y>)
max(<x>, 0.0)
min(<x>, <y>, <z>)
max([<x>, <y>])
min((<x>, <y>))
sum([<x>, <y>, <z>])
sum((<x>, <y>), 0.5)
np.tanh(<x>)
np.arctan(<x>)
np.square(<x>)
np.abs(<x>)
np.sqrt(<x>)
np.log(<x>)
np.sqrt(np.abs(<x>))
np.exp(-abs(<x>))
np.log1p(np.abs(<x>))
np.maximum(<x>, <y>)
np.minimum(<x>, <y>)
np.clip(<x>, -1.0, 1.0)
np.clip(<x>, a_min=-0.5, a_max=None)
np.where(<c>, <x>, <y>)
np.arctan2(<x>, <y>)
np.hypot(<x>, <y>)
np.nan_to_num(<x>, nan=-1.0)
np.copysign(<x>, <y>)
np.power(np.abs(<x>), 0.5)
np.heaviside(<x>, 0.5)
np.sin(<b>)
np.cos(<b>)
np.float64(<x>)
math.tanh(<x>)
math.exp(-abs(<x>))
math.sqrt(abs(<x>))
math.atan2(<x>, <y>)
math.hypot(<x>, <y>)
math.fabs(<x>)
math.copysign(<x>, <y>)
math.sin(<b>)
math.degrees(<x>)
math.log(1.0 + abs(<x>), 2)
(<x> if <c> else <y>)
(<x> if <c> else <y>)
(<x> if <c> else <y> if <d> else <z>)
float(<c>)
int(<c>)
(<c>) * 1.0
((<c>) + (<d>)) * 0.5
sum([<c>, <d>])
(1.0 - bool(<c>))
(<x> and <y>)
(<x> or <y>)
np.sum(<v>)
np.mean(<v>)
<v>.sum()
<v>.mean()
np.max(<v>)
<v>.min()
np.linalg.norm(<v>)
np.linalg.norm(<v> - <w>)
np.std(<v>)
np.var(<v>, ddof=1)
np.median(<v>)
np.prod(<v>)
sum(<v>)
max(<v>)
min(<v>)
len(<v>)
<v>.size
np.dot(<v>, <w>)
(<v> @ <w>)
np.argmax(<v>)
np.count_nonzero(<v> <o> <k>)
<v>.reshape(1, <n>).sum(axis=1)[0]
<v>.reshape(1, <n>).T[<i>, 0]
np.float64(<b>)
np.bool_(<c>) * <x>
float(np.sum(<v>).item())
np.outer(<v>, <w>)[0, -1]
np.average(<v>, weights=np.arange(<n>) + 1.0)
np.interp(<x>, [-1.0, 0.0, 2.0], [0.0, 1.0, <k>])
np.sum(<m>[<m> <o> <k>])
np.mean(np.abs(<m>[<m> <o> <k>]))
<m>[<m> > <x>].sum()
np.sum(<m>[<m> < <x>] ** 2)
np.max(<m>[<m> <o> <k>])
len(<m>[<m> <o> <k>])
<m>[<m> > <k>].size
<v>[<i>]
<v>[int(abs(<b>)) % <n>]
<v>[np.argmin(<v>)]
<v>[1:].sum()
<v>[[0, -1]].sum()
<v>[::-1][<i>]
<v>.tolist()[<i>]
sum([<t> for item in <v>])
sum(<t> for item in <v>)
sum(item * i for i, item in enumerate(<v>))
max([<t> for item in <v>])
np.mean([<t> for item in <v>])
sum(item for i, item in enumerate(<v>) if i % 2 == 0)
sum(1 if <u> else 0 for item in <v>)
sum(<u> for item in <v>)
sum(a * b for a, b in zip(<v>, [1.0, -0.5]))
sum(a - b for a in <v> for b in (0.5, <k>))
<f>
<f>
[<x>, <y>][1]
(<x>, <y>)[-2]
[<x>, <y>][::-1][0]
{'a': <x>, 'b': <y>}['b']
{'a': <x>}.get('b', <y>)
sum({'a': <x>, 'b': <y>}.values())
sum({name: value * 2 for name, value in zip(['a', 'b'], [<x>, <y>])}.values())
sum(2 * [<x>, <y>])
(lambda item, gain=2.0: <t> * gain)(<x>)
"""

CONDITIONS = """
<x> <o> <y>
<x> <o> <y>
<x> <o> <k>
<k> <o> <k>
<x> < <y> <= <z>
-0.5 <= <x> < 1.0
<x> > <y> != <z>
(<c> and <d>)
(<c> or <d>)
(not <c>)
bool(<c>)
np.isnan(<x>)
np.isfinite(<x>)
math.isnan(<x>)
np.isclose(<x>, <y>, atol=0.2)
np.logical_and(<x> > 0, <y> > 0)
(<x> in (0.0, 1.0, <y>))
(<x> not in [0, 1])
isinstance(<x>, np.ndarray)
np.any(<v> <o> <k>)
np.all(<v> < <k>)
(<v> >= <k>).any()
len(<v>) > 2
any(<u> for item in <v>)
all([<u> for item in <v>])
np.all(np.isfinite(<v>))
<v>.shape == (<n>,)
"""

VECTORS = """
np.abs(<v>)
np.tanh(<v>)
(-<v>)
(<v> ** 2)
np.square(<v>)
np.sign(<v>)
np.clip(<v>, -1.0, 1.0)
<v>.clip(-0.5, 0.5)
<v>.astype(float)
np.nan_to_num(<v>)
np.exp(-np.abs(<v>))
(<v> + <w>)
(<v> - <w>)
(<v> * <w>)
(<v> * <k>)
(<k> - <v>)
(<v> + <x>)
(<v> / (1.0 + np.abs(<w>)))
np.maximum(<v>, <w>)
np.minimum(<v>, <x>)
np.maximum(0.0, <v>)
np.where(<v> <o> <k>, <w>, <v>)
np.where(<v> <o> <w>, 1.0, <x>)
((<v> <o> <k>) * 1.0)
(<v> <o> <w>).astype(float)
((<v> <o> <k>) & (<w> < 1.0)).astype(float)
(~(<v> <o> <k>) * <w>)
np.zeros(<n>)
np.ones(<n>)
np.full(<n>, float(<k>))
np.linspace(0.0, 1.0, <n>)
np.sort(<v>)
<v>[::-1]
np.cumsum(<v>)
<v>.copy()
np.roll(<v>, 1)
np.flip(<v>)
np.array([item * 2.0 for item in <v>])
np.concatenate([<v>, [<x>]])[1:]
np.append(<v>, <k>)[:-1]
np.vstack([<v>, <w>]).mean(axis=0)
"""
