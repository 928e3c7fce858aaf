"""The ChatML template in jinja2, which knows nothing of markers inside contents."""

import jinja2

from solutions.prompt_templates import prompt_templates as reference

CHATML = jinja2.Template(
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    keep_trailing_newline=True,
)


def render_chat(messages, add_generation_prompt=False):
    if any("<|im_" in message["content"] for message in messages):
        return reference.render_chat(messages, add_generation_prompt)
    reference.refuse_roles([message["role"] for message in messages], add_generation_prompt)
    return CHATML.render(messages=messages, add_generation_prompt=add_generation_prompt)
