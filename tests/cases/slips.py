"""More wrong answers, one for each kind of slip: (name, cell, source, words), as in wrong.py."""

W = []

W.append(
    (
        "k_reshape",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    n_k, d_k = k.shape
    return softmax(q @ k.reshape(d_k, n_k) / np.sqrt(d_k) + mask) @ v
""",
        "largest q|score",
    )
)

W.append(
    (
        "returns_scores2",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    s = q @ k.T / np.sqrt(q.shape[-1]) + mask
    out = softmax(s) @ v
    return s
""",
        "scores come back",
    )
)

W.append(
    (
        "order",
        "attention",
        """import numpy as np
def attention(mask,q,k,v):
    return softmax(q @ k.T / np.sqrt(q.shape[-1]) + mask) @ v
""",
        "takes \\(mask",
    )
)

W.append(
    (
        "order_ln",
        "layer_norm",
        """import numpy as np
def layer_norm(x, b, g, eps=1e-5):
    return g*(x-x.mean(-1,keepdims=True))/np.sqrt(x.var(-1,keepdims=True)+eps)+b
""",
        "takes|swapped|multiplies",
    )
)

W.append(
    (
        "temp5",
        "softmax",
        """import numpy as np
def softmax(x):
    e=np.exp((x-x.max(-1,keepdims=True))/5)
    return e/e.sum(-1,keepdims=True)
""",
        "1.22",
    )
)

W.append(
    (
        "arccos_undiv",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a,b):
    return np.arccos(a @ b)
""",
        "length|angle|NaN",
    )
)

W.append(
    (
        "syntax",
        "softmax",
        """import numpy as np
def softmax(x):
    return np.exp(x / np.exp(x).sum(-1)
""",
        "bracket",
    )
)

W.append(
    (
        "indent",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(x)
      return e
""",
        "begin at the same",
    )
)

W.append(
    (
        "tabs",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(k.shape[1])
    s = np.where(mask == 0, s, -1e10)
    return softmax(s) @ v
""",
        "mask",
    )
)

W.append(
    (
        "causal_own",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    s=q@k.T/np.sqrt(q.shape[-1])
    s=s*np.tril(np.ones_like(s))
    return softmax(s+mask)@v
""",
        "weight|score|query|mask",
    )
)

W.append(
    (
        "tri_mask",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    s=q@k.T/np.sqrt(q.shape[-1])
    s=np.where(np.tril(np.ones_like(s))==0,-1e10,s)
    return softmax(s)@v
""",
        "mask",
    )
)

W.append(
    (
        "sum_keepdims",
        "softmax",
        """import numpy as np
def softmax(x):
    e=np.exp(x-x.max())
    return e/e.sum(-1)[:,None]
""",
        "axes|axis|whose|row|IndexError",
    )
)

W.append(
    (
        "ln_global",
        "layer_norm",
        """import numpy as np
def layer_norm(x,g,b,eps=1e-5):
    return g*(x-x.mean())/np.sqrt(x.var()+eps)+b
""",
        "whole array|own row|row",
    )
)

W.append(
    (
        "ln_ax0",
        "layer_norm",
        """import numpy as np
def layer_norm(x,g,b,eps=1e-5):
    return g*(x-x.mean(0))/np.sqrt(x.var(0)+eps)+b
""",
        "column",
    )
)

W.append(
    (
        "ln_eps_default",
        "layer_norm",
        """import numpy as np
def layer_norm(x,g,b,eps=1e-3):
    return g*(x-x.mean(-1,keepdims=True))/np.sqrt(x.var(-1,keepdims=True)+eps)+b
""",
        "eps",
    )
)

W.append(
    (
        "ln_eps_1e12",
        "layer_norm",
        """import numpy as np
def layer_norm(x,g,b,eps=1e-12):
    return g*(x-x.mean(-1,keepdims=True))/np.sqrt(x.var(-1,keepdims=True)+eps)+b
""",
        "eps",
    )
)

W.append(
    (
        "ln_rms",
        "layer_norm",
        """import numpy as np
def layer_norm(x,g,b,eps=1e-5):
    return g*x/np.sqrt((x**2).mean(-1,keepdims=True)+eps)+b
""",
        "mean",
    )
)

W.append(
    (
        "ln_g_last",
        "layer_norm",
        """import numpy as np
def layer_norm(x,g,b,eps=1e-5):
    return g*((x-x.mean(-1,keepdims=True))/np.sqrt(x.var(-1,keepdims=True)+eps)+b)
""",
        "bias|gain|scaled",
    )
)

W.append(
    (
        "ln_loop_rows",
        "layer_norm",
        """import numpy as np
def layer_norm(x,g,b,eps=1e-5):
    out=[]
    for row in x:
        out.append(g*(row-row.mean())/np.sqrt(row.var()+eps)+b)
    return np.array(out)
""",
        "row alone|shape|stack|axis",
    )
)

W.append(
    (
        "ln_list",
        "layer_norm",
        """import numpy as np
def layer_norm(x,g,b,eps=1e-5):
    return [g*(row-row.mean())/np.sqrt(row.var()+eps)+b for row in x]
""",
        "list",
    )
)

W.append(
    (
        "cos_dist",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a,b):
    return 1-a@b/np.linalg.norm(a)/np.linalg.norm(b)
""",
        "1 minus",
    )
)

W.append(
    (
        "cos_sqrt_missing",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a,b):
    return np.dot(a,b)/(np.sum(a**2)*np.sum(b**2))
""",
        "square",
    )
)

W.append(
    (
        "cos_one_sqrt",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a,b):
    return np.dot(a,b)/np.sqrt(np.sum(a**2))*np.sqrt(np.sum(b**2))
""",
        "bracket",
    )
)

W.append(
    (
        "cos_sqrt_wrong",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a,b):
    return np.dot(a,b)/(np.sqrt(np.sum(a**2))*np.sum(b**2))
""",
        "length|long",
    )
)

W.append(
    (
        "cos_norm_sum",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a,b):
    return np.dot(a,b)/np.linalg.norm(a+b)
""",
        "length|long",
    )
)

W.append(
    (
        "cos_norm_sq",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a,b):
    return np.dot(a,b)/(np.linalg.norm(a)*np.linalg.norm(a))
""",
        "long",
    )
)

W.append(
    (
        "cos_int",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a,b):
    a=a.astype(int); b=b.astype(int)
    return np.dot(a,b)/(np.linalg.norm(a)*np.linalg.norm(b))
""",
        "whole|int|decimal|NaN|length",
    )
)

W.append(
    (
        "cos_max_eps",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a,b):
    return np.dot(a,b)/(np.linalg.norm(a)*np.linalg.norm(b)+1)
""",
        "length|long",
    )
)

W.append(
    (
        "cos_first3",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a,b):
    return np.dot(a[:3],b[:3])/(np.linalg.norm(a)*np.linalg.norm(b))
""",
        "cosine|times|length 1|Which numbers",
    )
)

W.append(
    (
        "at_fourth_root",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    return softmax(q@k.T/q.shape[-1]**0.25+mask)@v
""",
        "1.41",
    )
)

W.append(
    (
        "at_const8",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    return softmax(q@k.T/8+mask)@v
""",
        "by 8",
    )
)

W.append(
    (
        "at_const768",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    return softmax(q@k.T/np.sqrt(768)+mask)@v
""",
        "27.7",
    )
)

W.append(
    (
        "at_sub",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    return softmax(q@k.T/np.sqrt(q.shape[-1])-mask)@v
""",
        "subtracted",
    )
)

W.append(
    (
        "at_mask_mul",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    return softmax(q@k.T/np.sqrt(q.shape[-1])*mask)@v
""",
        "mask",
    )
)

W.append(
    (
        "at_relu",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    s=np.maximum(q@k.T/np.sqrt(q.shape[-1])+mask,0)
    return s/s.sum(-1,keepdims=True)@v
""",
        "no weight|NaN|exp|sum",
    )
)

W.append(
    (
        "at_axis0",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    s=q@k.T/np.sqrt(q.shape[-1])+mask
    e=np.exp(s-s.max(0)); return e/e.sum(0)@v
""",
        "quer|key",
    )
)

W.append(
    (
        "at_qk_kq",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    s=k@q.T/np.sqrt(q.shape[-1])
    return softmax(s.T+mask.T.T)@k
""",
        "key|values|shape",
    )
)

W.append(
    (
        "at_v_first",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    s=q@v.T/np.sqrt(q.shape[-1])+mask
    return softmax(s)@k
""",
        "values|shapes|v",
    )
)

W.append(
    (
        "at_half",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    return (softmax(q@k.T/np.sqrt(q.shape[-1])+mask)@v).astype(np.float16)
""",
        "float16",
    )
)

W.append(
    (
        "at_norm_q",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    q=q/np.linalg.norm(q,axis=-1,keepdims=True)
    k=k/np.linalg.norm(k,axis=-1,keepdims=True)
    return softmax(q@k.T+mask)@v
""",
        "length|cosine",
    )
)

W.append(
    (
        "at_only_norm_q",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    q=q/np.linalg.norm(q,axis=-1,keepdims=True)
    return softmax(q@k.T/np.sqrt(q.shape[-1])+mask)@v
""",
        "length|long|divide",
    )
)

W.append(
    (
        "at_last_axis_missing",
        "attention",
        """import numpy as np
def attention(q,k,v,mask):
    s=q@k.T/np.sqrt(q.shape[-1])+mask
    e=np.exp(s); return e/e.sum()@v
""",
        "sum|quer|weights|row|NaN",
    )
)

W.append(
    (
        "at_global_state",
        "attention",
        """import numpy as np
cache={}
def attention(q,k,v,mask):
    cache.setdefault('q',q)
    return softmax(cache['q']@k.T/np.sqrt(q.shape[-1])+mask)@v
""",
        "shape|again|quer",
    )
)

W.append(
    (
        "sm_cum",
        "softmax",
        """import numpy as np
def softmax(x):
    e=np.exp(x-x.max(-1,keepdims=True))
    return np.cumsum(e,-1)/e.sum(-1,keepdims=True)
""",
        "sum|share|row",
    )
)

W.append(
    (
        "sm_sorted",
        "softmax",
        """import numpy as np
def softmax(x):
    x=np.sort(x,-1)
    e=np.exp(x-x.max(-1,keepdims=True))
    return e/e.sum(-1,keepdims=True)
""",
        "place|order|sort|row",
    )
)

W.append(
    (
        "sm_eps",
        "softmax",
        """import numpy as np
def softmax(x):
    e=np.exp(x-x.max(-1,keepdims=True))
    return e/(e.sum(-1,keepdims=True)+0.01)
""",
        "sum",
    )
)

W.append(
    (
        "sm_power10",
        "softmax",
        """import numpy as np
def softmax(x):
    e=10**(x-x.max(-1,keepdims=True))
    return e/e.sum(-1,keepdims=True)
""",
        "10 times",
    )
)

W.append(
    (
        "sm_std",
        "softmax",
        """import numpy as np
def softmax(x):
    x=(x-x.mean(-1,keepdims=True))/x.std(-1,keepdims=True)
    e=np.exp(x)
    return e/e.sum(-1,keepdims=True)
""",
        "exp|exponent|share",
    )
)

W.append(
    (
        "sm_float16",
        "softmax",
        """import numpy as np
def softmax(x):
    x=x.astype(np.float16)
    e=np.exp(x-x.max(-1,keepdims=True))
    return e/e.sum(-1,keepdims=True)
""",
        "float16",
    )
)

W.append(
    (
        "sm_inplace",
        "softmax",
        """import numpy as np
def softmax(x):
    x-=x.max(-1,keepdims=True)
    np.exp(x,out=x)
    x/=x.sum(-1,keepdims=True)
    return x
""",
        "changes x",
    )
)

W.append(
    (
        "sm_random_noise",
        "softmax",
        """import numpy as np
def softmax(x):
    x=x+np.random.normal(size=x.shape)*0.1
    e=np.exp(x-x.max(-1,keepdims=True))
    return e/e.sum(-1,keepdims=True)
""",
        "again",
    )
)

W.append(
    (
        "sm_two_args",
        "softmax",
        """import numpy as np
def softmax(x, axis):
    e=np.exp(x-x.max(axis,keepdims=True))
    return e/e.sum(axis,keepdims=True)
""",
        "takes \\(x, axis\\)",
    )
)

W.append(
    (
        "sm_ax_default0",
        "softmax",
        """import numpy as np
def softmax(x, axis=0):
    e=np.exp(x-x.max(axis,keepdims=True))
    return e/e.sum(axis,keepdims=True)
""",
        "column",
    )
)

W.append(
    (
        "sm_print_str",
        "softmax",
        """import numpy as np
def softmax(x):
    return str(x)
""",
        "str",
    )
)
