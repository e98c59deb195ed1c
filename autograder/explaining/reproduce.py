"""What explains a difference, here and in the notebooks that `explain` writes: they hold this class as it stands."""

from __future__ import annotations


class Explain:
    """Stands alone, on NumPy only, and defines one name: beside a student's code any other might be theirs."""

    import numpy as np

    @staticmethod
    def array(text, dtype, shape):
        """The array whose compressed bytes are in the text."""
        import base64
        import zlib

        return Explain.np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype).reshape(shape)

    @staticmethod
    def call(f, args, expected, rtol, atol):
        """Call the function with copies of the arguments; print what came, what should have, and where they differ."""
        np = Explain.np
        given = [np.copy(a) if isinstance(a, np.ndarray) else a for a in args]
        try:
            with np.errstate(all="ignore"):
                came = f(*given)
        except Exception as error:
            came = error
        changed = [i for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.tobytes() != given[i].tobytes()]
        print("came", Explain.shown(came), "should be", Explain.shown(expected), sep="\n")
        print(Explain.difference(came, expected, rtol, atol))
        if changed:
            print("Arguments that the call changed in place:", ", ".join(str(i + 1) for i in changed))

    @staticmethod
    def draws(f, args, asked, p):
        """Draw as the checks did, `asked` being (seed, times) pairs; print which ids came too often or too seldom."""
        np, drawn = Explain.np, []
        try:
            for seed, times in asked:
                rng = np.random.default_rng(seed)
                drawn += [f(*(np.copy(a) if isinstance(a, np.ndarray) else a for a in args), rng) for _ in range(times)]
                print(f"seed {seed}:", *drawn[-times:][:12], "...")
        except Exception as error:
            drawn.append(error)
        no_ids = [one for one in drawn if isinstance(one, bool) or not isinstance(one, int | np.integer)]
        print(Explain.difference(no_ids[0], 0, 0, 0) if no_ids else Explain.tally(np.array(drawn), p))

    @staticmethod
    def shown(value):
        """An answer as Python shows it, rounded, long arrays with their ends only."""
        if isinstance(value, Exception):
            return f"{type(value).__name__}: {value}"
        with Explain.np.printoptions(threshold=24, edgeitems=2, linewidth=100, precision=5):
            return repr(value)

    @staticmethod
    def difference(came, expected, rtol, atol):
        """Where an answer is not what was expected, in words: the first place, both values, the error and its limit."""
        np = Explain.np
        expected = np.asarray(expected, np.float64)
        wanted = f"an array of shape {list(expected.shape)}" if expected.ndim else "one number"
        if isinstance(came, Exception):
            return f"It raised an exception where {wanted} was expected."
        if isinstance(came, bool) or not isinstance(came, np.ndarray | np.generic | int | float):
            return f"A {type(came).__name__} came where {wanted} was expected."
        got = np.asarray(came)
        if got.shape != expected.shape:
            return f"An array of shape {list(got.shape)} came where {wanted} was expected."
        if got.dtype.kind not in "fiu" or got.dtype.itemsize < 4 or (expected.ndim and got.dtype.kind != "f"):
            return f"Numbers of type {got.dtype} came where floating-point numbers of 32 or 64 bits were expected."
        with np.errstate(all="ignore"):
            got = got.astype(np.float64)
            largest = np.abs(expected).max(initial=0.0 if expected.ndim else 1.0) or 1.0
            allowed, error = rtol * np.abs(expected) + atol * largest, np.abs(got - expected)
        off = ~(error <= allowed)  # NaN is within no tolerance
        if not off.any():
            return f"They agree: the largest error is {error.max(initial=0.0):.3g}."
        first = tuple(int(i) for i in np.argwhere(off)[0])
        many = f"{off.sum()} of {off.size} numbers are off; the first is at {list(first)}" if first else "It is off"
        found = f"{many}: {got[first]:.9g} came, {expected[first]:.9g} was expected."
        if not np.isfinite(error[first]):
            return f"{found} NaN and infinity are never within the tolerance."
        return (
            f"{found} The error is {error[first]:.3g}; allowed is {allowed[first]:.3g} = {rtol:g} x "
            f"{abs(expected[first]):.3g} (the number expected) + {atol:g} x {largest:.3g} "
            f"({'the largest of them' if first else 'the same, at least 1'})."
        )

    @staticmethod
    def tally(ids, p):
        """Draws beside the probabilities `p` [n_vocab], in words: the ids whose number is furthest from expected."""
        np = Explain.np
        p, n = p / p.sum(), len(ids)
        inside = ids[(ids >= 0) & (ids < len(p))]
        came, expected = np.bincount(inside, minlength=len(p)), n * p
        off = (came - expected) / np.sqrt(np.maximum(expected * (1 - p), 1e-9 * n + 1e-9))
        lines = [f"{n} draws; the token ids that are furthest from what was expected:"]
        for i in [i for i in np.argsort(-np.abs(off), kind="stable")[:5] if came[i] or p[i]]:
            place = f"rank {(p > p[i]).sum() + 1}" if p[i] else "not among the n likeliest"
            sd = f", {off[i]:+.1f} standard deviations off" if p[i] else ""
            lines.append(f"  id {i} ({place}): came {came[i]} times, expected {expected[i]:.1f}{sd}")
        if len(inside) < n:
            lines.append(f"  {n - len(inside)} draws are no token ids of this vocabulary")
        return "\n".join(lines)
