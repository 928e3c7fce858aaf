"""PyTorch's norms, and the transformers library's Llama layer with positions switched off."""

import math

import torch
from torch.nn import functional
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

NAMES = {
    "attn_norm": "input_layernorm.weight",
    "ffn_norm": "post_attention_layernorm.weight",
    "w_q": "self_attn.q_proj.weight",
    "w_k": "self_attn.k_proj.weight",
    "w_v": "self_attn.v_proj.weight",
    "w_o": "self_attn.o_proj.weight",
    "w_gate": "mlp.gate_proj.weight",
    "w_up": "mlp.up_proj.weight",
    "w_down": "mlp.down_proj.weight",
}


def layer_norm(x, weight, bias, eps=1e-5):
    return functional.layer_norm(x, x.shape[-1:], weight, bias, eps)


def rms_norm(x, weight, eps=1e-6):
    return functional.rms_norm(x, x.shape[-1:], weight, eps)


def transformer_block(x, weights, heads, eps=1e-6):
    batch, tokens, d_model = x.shape
    if d_model % heads:
        raise ValueError("heads does not divide d_model")
    config = LlamaConfig(
        hidden_size=d_model,
        intermediate_size=len(weights["w_up"]),
        num_attention_heads=heads,
        num_key_value_heads=heads,
        rms_norm_eps=eps,
        attn_implementation="eager",
    )
    # functional_call keeps the weights in the graph, so that gradients flow to them.
    parameters = {NAMES[name]: weight for name, weight in weights.items()}
    cos = torch.ones(batch, tokens, d_model // heads)
    mask = torch.full((tokens, tokens), -math.inf).triu(diagonal=1)
    result = torch.func.functional_call(
        LlamaDecoderLayer(config, layer_idx=0),
        parameters,
        (x,),
        {
            "attention_mask": mask.expand(batch, 1, tokens, tokens),
            "position_embeddings": (cos, torch.zeros_like(cos)),
        },
    )
    return result[0] if isinstance(result, tuple) else result
