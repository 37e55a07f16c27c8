"""Planted bugs at the edges: files, secrets, and what comes from outside."""

from __future__ import annotations

from tests.mutants.bug import Bug

#: A file is not whole, or takes the place of another.
FILES = (
    Bug(
        "a download that was cut off is taken for whole",
        "output/resuming.py",
        "promise.size_bytes in {None, self.size_bytes}",
        "True",
        ("output/test_output_resuming.py::test_a_cut_file_goes_on_where_it_stopped",),
    ),
    Bug(
        "the rest of another file is appended",
        "output/resuming.py",
        "_strong_etag(headers) == self.etag is not None",
        "True",
        ("output/test_output_resuming.py::test_a_rest_that_is_not_proven_starts_the_file_again",),
    ),
    Bug(
        "a rest is appended wherever it begins",
        "output/resuming.py",
        "(int(told[1]), int(told[2])) == (have_bytes, self.size_bytes)",
        "int(told[2]) == self.size_bytes",
        ("output/test_output_resuming.py::test_a_rest_that_is_not_proven_starts_the_file_again",),
    ),
    Bug(
        "a file need not have the checksum that was announced",
        "output/resuming.py",
        "if self._md5 is not None and promise.md5 != self._md5.digest():",
        "if False:",
        ("output/test_output_resuming.py::test_a_checksum_that_does_not_fit_is_a_bad_file",),
    ),
    Bug(
        "a clip that was cut off is taken for whole",
        "output/mp4.py",
        "or stop > end:",
        "or False:",
        ("output/test_output_mp4.py::test_every_truncation_is_noticed",),
    ),
    Bug(
        "a clip whose pictures are missing is taken for whole",
        "output/mp4.py",
        "> payload_bytes:",
        "> payload_bytes + 10**9:",
        ("output/test_output_mp4.py::test_an_open_ended_clip_is_measured_by_its_samples",),
    ),
    Bug(
        "what was downloaded is not looked at",
        "output/folder.py",
        "return read_mp4(part)",
        "return Mp4Facts(64, 48, 4.0, 'avc1')",
        ("output/test_output_folder.py::test_a_bad_clip_is_not_kept",),
    ),
    Bug(
        "a newer clip overwrites the older one",
        "output/folder.py",
        "self._retire(attempt.file)",
        "pass",
        ("output/test_output_folder.py::test_what_is_replaced_moves_to_old",),
    ),
    Bug(
        "other bytes than the verified ones are published",
        "output/folder.py",
        "if not self._was_hashed(part, attempt) and not _has_bytes(part, attempt):",
        "if not part.exists():",
        ("output/test_output_folder.py::test_without_the_bytes_nothing_is_published",),
    ),
    Bug(
        "what was written into a fetched file since is published",
        "output/folder.py",
        "hashed == (stamp_of(part.lstat()), attempt.sha256)",
        "hashed is not None",
        ("output/test_output_folder.py::test_a_fetched_file_that_was_changed_is_not_published",),
    ),
    Bug(
        "a clip without a poster is lost",
        "output/poster.py",
        "except (av.FFmpegError, OSError, ValueError):",
        "except ZeroDivisionError:",
        ("output/test_output_folder.py::test_a_clip_without_decodable_pictures_has_no_poster",),
    ),
    Bug(
        "clips are written through links that somebody planted",
        "output/folder.py",
        'if path.is_symlink() or part == "..":',
        'if part == "..":',
        ("output/test_output_folder.py::test_planted_links_are_refused",),
    ),
)

#: A secret is shown, or goes where it should not.
SECRETS = (
    Bug(
        "the key shows in a repr",
        "provider/key.py",
        'return "Key(***)"',
        'return f"Key({self._text})"',
        ("provider/test_provider_key.py::test_key_is_never_shown",),
    ),
    Bug(
        "the key that an answer quotes is passed on",
        "provider/key.py",
        'return body.replace(self._text.encode("ascii"), b"***")',
        "return body",
        ("provider/test_provider_key.py::test_key_is_hidden_in_an_answer",),
    ),
    Bug(
        "the key of the settings shows in a repr",
        "job/settings.py",
        "value: str = field(repr=False)",
        "value: str = field()",
        ("job/test_job_settings.py::test_key_never_shows_in_a_repr",),
    ),
    Bug(
        "a file beside the job sends the key elsewhere",
        "job/settings.py",
        "if setting.origin is Origin.DOTENV and",
        "if False and",
        ("job/test_job_settings.py::test_foreign_base_url_in_dotenv_is_refused",),
    ),
    Bug(
        "the key goes over plain http",
        "provider/base_urls.py",
        'if parts.scheme == "http" and not is_loopback(host):',
        "if False:",
        (
            "provider/test_provider_base_urls.py::test_bad_address_is_refused",
            "provider/test_bigmodel.py::test_client_refuses_an_address_that_may_not_get_the_key",
        ),
    ),
    Bug(
        "a message quotes the signed link",
        "output/download.py",
        'is gone ({status})", host=host',
        'is gone ({status})", host=answer.url',
        ("output/test_output_download.py::test_a_bad_answer_leaves_no_file",),
    ),
    Bug(
        "the provider's words keep signed links",
        "provider/parsing.py",
        '_QUERY.sub(r"\\1", text[: limit * 4])',
        "text[: limit * 4]",
        ("provider/test_provider_parsing.py::test_words_become_one_clean_line",),
    ),
    Bug(
        "a picture is sent with the place where it was taken",
        "provider/pictures/sending.py",
        "return _WITHOUT_METADATA[picture_format](content)",
        "return content",
        ("provider/test_provider_pictures.py::test_metadata_is_cut_out_and_pixels_stay",),
    ),
)

#: What comes from outside does harm.
INPUTS = (
    Bug(
        "a redirect of a download may lead off https",
        "output/download.py",
        "self._check_link(url)",
        "_ or self._check_link(url)",
        ("output/test_output_download.py::test_a_redirect_is_checked_like_the_link",),
    ),
    Bug(
        "a link may lead into the inner network",
        "output/download.py",
        "if not (is_public(host) or",
        "if not (True or",
        ("output/test_output_download.py::test_loopback_is_closed_unless_the_api_is_there",),
    ),
    Bug(
        "an address is public whatever it is wrapped in",
        "addresses.py",
        "if inner is not None:",
        "if False:",
        ("test_addresses.py::test_public_addresses",),
    ),
    Bug(
        "a picture may lie anywhere on the disk",
        "catalogue/pictures/finder.py",
        "return any(path.is_relative_to(folder) for folder in self.folders)",
        "return True",
        ("catalogue/test_catalogue_pictures.py::test_picture_outside_is_a_fault",),
    ),
    Bug(
        "a picture's link may lead out of its folder",
        "catalogue/pictures/finder.py",
        '(folder / name.replace("\\\\", "/")).resolve()',
        '(folder / name.replace("\\\\", "/")).absolute()',
        ("catalogue/test_catalogue_pictures.py::test_picture_outside_is_a_fault",),
    ),
    Bug(
        "a cell may hold a formula",
        "spreadsheet.py",
        'return f"\'{text}" if _is_live(text) else text',
        "return text",
        (
            "test_spreadsheet.py::test_live_cells_get_an_apostrophe",
            "output/test_output_tables.py::test_csv_is_made_for_spreadsheets",
        ),
    ),
    Bug(
        "an answer may move the cursor of the terminal",
        "provider/parsing.py",
        '_HIDDEN = frozenset({"Cc", "Cf", "Cs"})',
        "_HIDDEN = frozenset()",
        ("provider/test_provider_parsing.py::test_words_become_one_clean_line",),
    ),
    Bug(
        "a packed answer is unpacked whatever it grows to",
        "provider/parsing.py",
        "unzip.decompress(body, BODY_LIMIT_BYTES + 1)",
        "unzip.decompress(body)",
        ("provider/test_provider_parsing.py::test_bomb_is_unpacked_to_the_limit_only",),
    ),
)
