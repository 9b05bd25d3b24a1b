"""Programs from descriptions of clips: by the local generator, or by a language model.

    from egoprog.generate.local import LocalGenerator
    from egoprog.generate.llm import Endpoint, LanguageModelGenerator

Nothing is imported here, so that whoever generates locally needs no language model's client.
"""
