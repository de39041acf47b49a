"""Catalogue of bad inputs, parts A to G: each case and the tests that hold it.

Every case also has the oracle of `end_to_end/canaries.py` where it runs through the App: no secret
goes out, nobody else is met, the worker lives, and the next good job passes. `mutants.py` removes
the rule of a case and sees whether its tests notice. `RULES` are those of docs/security.md.
"""

import re
from collections.abc import Mapping

from tests.pages import table

COMMANDS = "end_to_end/test_hostile_commands.py"
REPOSITORIES = "end_to_end/test_hostile_repositories.py"
FORGE = "end_to_end/test_hostile_forge.py"
APP = "end_to_end/test_app.py"
WEBHOOK, LIMITS = "web/test_webhook.py", "web/test_limits.py"
DURABLE, BROKEN = "web/test_durable_intake.py", "web/test_broken_store.py"
SIGNATURE, SERVE = "web/test_signature.py", "web/test_serve.py"
INTAKE, EVENTS = "domain/test_intake.py", "domain/test_events.py"
PARSER, RIGHTS = "domain/test_commands.py", "domain/test_permissions.py"
TEXT, MARKDOWN = "domain/test_hostile_text.py", "domain/test_markdown.py"
GIT, REMOTE = "adapters/test_git_hostile.py", "adapters/test_git_remote.py"
PROCESS, WORKSPACE = "adapters/test_git_process.py", "adapters/test_git_workspace.py"
HOSTILE, CONTRACT = "adapters/test_github_hostile.py", "adapters/test_github_contract.py"
COMMITS = "adapters/test_github_commits_contract.py"
PACING, YAML = "adapters/test_github_pacing.py", "adapters/test_yaml_config.py"
CRASH, JOBS = "adapters/test_dbos_crash.py", "adapters/test_dbos_jobs.py"
CONFIG, TOKENS = "domain/test_repo_config.py", "adapters/test_github_tokens.py"
ROUNDS, DEATHS = "end_to_end/test_app_rounds.py", "end_to_end/test_app_deaths.py"
OWN, CROWDS = "agent/service/test_own_doings.py", "agent/service/test_limits.py"
MODEL, EDITS = "end_to_end/test_hostile_model.py", "domain/test_hostile_edits.py"
OBEDIENT, FAULTS = "adapters/test_cerebras_hostile.py", "adapters/test_cerebras_faults.py"
HIDDEN, PUBLICATION = "domain/test_hidden_text.py", "domain/test_publication.py"
ACTION, RUNNER = "end_to_end/test_action.py", "domain/test_workflow_commands.py"
LOOKING, REPAIR = "agent/test_model_review.py", "end_to_end/test_model_repair.py"
SANDBOX, FLAGS = "adapters/test_docker_sandbox.py", "adapters/test_docker_flags.py"
ENGINE, ARCHIVE = "adapters/test_docker_engine.py", "adapters/test_docker_archive.py"
PROCESSES, TESTS = "adapters/test_process_sandbox.py", "adapters/test_junit_runner.py"
IN_DOCKER, RESULTS = "adapters/test_junit_in_docker.py", "adapters/test_junit_report.py"
TOOLS = "adapters/analyzers/test_hostile_config.py"
EVIDENCE, INPUT = "end_to_end/test_hostile_evidence.py", "end_to_end/test_bad_input.py"

OPEN: frozenset[str] = frozenset()
"""Cases whose rule is not built yet."""

HELD: Mapping[str, tuple[str, ...]] = {
    "A01": (f"{WEBHOOK}::test_a_delivery_without_a_signature_is_refused_unread",),
    "A02": (
        f"{WEBHOOK}::test_the_signature_of_another_secret_is_refused",
        f"{SIGNATURE}::test_a_single_flipped_bit_is_noticed",
    ),
    "A04": (f"{WEBHOOK}::test_the_old_sha1_signature_counts_for_nothing",),
    "A05": (
        f"{WEBHOOK}::test_only_the_exact_form_of_a_signature_counts",
        f"{WEBHOOK}::test_two_signature_headers_are_one_too_many",
        f"{SIGNATURE}::test_a_header_is_exact_or_nothing",
    ),
    "A06": (f"{WEBHOOK}::test_a_body_that_was_written_anew_is_not_what_was_signed",),
    "A07": (f"{SIGNATURE}::test_the_example_of_githubs_documentation_verifies",),
    "A08": (
        f"{LIMITS}::test_one_byte_more_is_refused_before_it_is_sent",
        f"{LIMITS}::test_an_endless_chunked_delivery_is_refused_while_it_comes_in",
    ),
    "A09": (
        f"{WEBHOOK}::test_a_redelivery_is_acknowledged_and_does_nothing_more",
        f"{FORGE}::test_an_event_that_comes_again_is_reviewed_once",
    ),
    "A10": (
        f"{WEBHOOK}::test_twenty_copies_at_once_are_one_job",
        f"{DURABLE}::test_twenty_copies_of_a_delivery_are_one_job_in_the_store",
    ),
    "A11": (
        f"{WEBHOOK}::test_the_same_event_under_a_new_guid_is_one_review",
        f"{FORGE}::test_an_event_that_comes_again_is_reviewed_once",
    ),
    "A12": (f"{FORGE}::test_an_old_event_that_comes_late_is_not_acted_on",),
    "A13": (f"{WEBHOOK}::test_json_nested_a_hundred_thousand_deep_is_malformed",),
    "A16": (f"{WEBHOOK}::test_of_two_actions_the_last_one_counts",),
    "A17": (f"{WEBHOOK}::test_what_we_do_not_know_is_acknowledged_and_counted",),
    "A18": (
        f"{WEBHOOK}::test_a_delivery_from_no_installation_alarms",
        f"{WEBHOOK}::test_a_delivery_for_another_app_alarms",
    ),
    "A19": (
        f"{WEBHOOK}::test_a_queue_that_is_down_is_never_acknowledged",
        f"{DURABLE}::test_a_database_that_somebody_else_holds_is_503_in_time",
        f"{BROKEN}::test_a_full_disk_is_503_until_there_is_room",
    ),
    "A20": (
        f"{CRASH}::test_a_job_that_is_killed_at_every_boundary_ends_and_repeats_no_finished_step",
        f"{DURABLE}::test_what_was_acknowledged_survives_a_kill",
        f"{HOSTILE}::test_the_summary_of_another_process_is_edited",
    ),
    "A21": (f"{ROUNDS}::test_exactly_the_deliveries_that_never_arrived_are_acted_on",),
    "A22": (
        f"{LIMITS}::test_two_hundred_slow_senders_keep_nobody_waiting",
        f"{LIMITS}::test_a_request_that_does_not_end_is_cut_off_however_busy_it_looks",
    ),
    "A23": (
        f"{WEBHOOK}::test_there_are_four_addresses_and_nothing_else",
        f"{WEBHOOK}::test_a_form_with_a_payload_in_it_is_not_read",
        f"{LIMITS}::test_what_is_no_http_is_refused_and_harms_nothing",
    ),
    "B01": (
        f"{RIGHTS}::test_the_table_of_permissions_holds",
        f"{COMMANDS}::test_who_may_not_ask_costs_no_checkout",
    ),
    "B02": (
        f"{INTAKE}::test_a_name_gives_no_trust_and_takes_none_away",
        f"{COMMANDS}::test_a_bot_is_trusted_no_more_than_anybody",
    ),
    "B03": (
        f"{INTAKE}::test_our_own_words_and_remarks_ask_for_nothing",
        f"{OWN}::test_a_comment_of_ours_never_runs_even_with_every_right",
    ),
    "B05": (
        f"{INTAKE}::test_our_own_push_is_reviewed_because_every_head_needs_a_verdict",
        f"{OWN}::test_an_automatic_review_never_commits",
    ),
    "B06": (f"{COMMANDS}::test_only_a_new_comment_is_a_command",),
    "B07": (
        f"{PARSER}::test_what_is_no_first_line_for_us_never_runs",
        f"{COMMANDS}::test_a_command_that_is_not_the_first_line_is_no_command",
    ),
    "B09": (
        f"{PARSER}::test_what_is_not_in_the_table_is_refused",
        f"{COMMANDS}::test_no_comment_changes_a_setting",
        f"{TEXT}::test_a_comment_is_a_command_of_the_table_an_error_or_nothing",
    ),
    "B11": (
        f"{COMMANDS}::test_a_comment_on_an_issue_asks_for_nothing",
        f"{COMMANDS}::test_a_closed_or_merged_pull_request_is_not_worked_on",
        f"{COMMANDS}::test_where_github_lets_us_say_nothing_the_worker_goes_on",
        f"{COMMANDS}::test_a_pull_request_of_a_deleted_fork_is_answered",
        f"{RIGHTS}::test_a_locked_conversation_is_for_those_with_write_access",
    ),
    "B12": (
        f"{HOSTILE}::test_no_answer_gives_nobody_a_right",
        f"{COMMANDS}::test_no_answer_about_a_person_is_a_no",
    ),
    "B13": (
        f"{COMMANDS}::test_who_owns_the_fork_owns_nothing_of_the_base",
        f"{COMMANDS}::test_nothing_is_pushed_at_a_fork_even_for_a_writer",
    ),
    "B14": (
        f"{CROWDS}::test_one_run_waits_whatever_calls_it_by_name",
        f"{CROWDS}::test_why_and_status_tell_which_commands_were_left_out",
        f"{CROWDS}::test_only_so_many_automatic_reviews_begin_in_an_hour",
    ),
    "C01": (
        f"{GIT}::test_a_symlink_to_a_secret_is_the_text_of_its_target",
        f"{REPOSITORIES}::test_nothing_in_a_pull_request_runs_or_leads_to_a_file_of_the_host",
    ),
    "C02": (
        f"{GIT}::test_an_lfs_pointer_stays_a_pointer",
        f"{PROCESS}::test_git_knows_nothing_of_the_machine",
        f"{REPOSITORIES}::test_nothing_in_a_pull_request_runs_or_leads_to_a_file_of_the_host",
    ),
    "C03": (
        f"{GIT}::test_a_submodule_is_left_out_and_its_url_is_never_used",
        f"{REPOSITORIES}::test_a_repository_that_git_calls_malicious_is_not_reviewed_and_says_so",
    ),
    "C04": (
        f"{GIT}::test_no_program_of_the_repository_runs_for_a_review_and_a_commit",
        f"{GIT}::test_no_program_of_the_repository_runs_for_uncommitted_work",
    ),
    "C06": (
        f"{GIT}::test_a_branch_name_is_never_an_option_or_a_shell_word",
        f"{REMOTE}::test_a_branch_name_from_outside_is_looked_up_and_never_run",
        f"{REPOSITORIES}::test_a_branch_of_any_name_is_reviewed_and_its_name_is_no_argument",
    ),
    "C07": (
        f"{GIT}::test_every_file_name_that_git_holds_survives_review_and_commit",
        f"{REPOSITORIES}::test_a_file_of_any_name_is_reviewed_and_its_name_is_shown_harmlessly",
    ),
    "C08": (
        f"{WORKSPACE}::test_a_million_files_are_refused_before_any_is_read",
        f"{WORKSPACE}::test_more_bytes_than_the_budget_are_refused",
        f"{REMOTE}::test_a_large_file_is_not_downloaded",
        f"{REMOTE}::test_a_long_history_is_not_fetched",
    ),
    "C10": (
        f"{REPOSITORIES}::test_a_head_that_vanishes_in_mid_run_gets_nothing_and_the_new_one_a_review",
        f"{HOSTILE}::test_a_review_of_a_commit_that_is_gone_is_not_posted",
    ),
    "C11": (
        f"{REMOTE}::test_a_credential_is_used_and_never_stored_or_shown",
        f"{REMOTE}::test_a_wrong_credential_is_refused_without_showing_it",
        f"{REPOSITORIES}::test_a_git_server_that_repeats_our_credential_does_not_make_us_repeat_it",
    ),
    "C12": (f"{REPOSITORIES}::test_the_rules_of_the_base_count_and_a_change_of_them_is_told",),
    "C14": (
        f"{YAML}::test_what_is_not_plain_data_is_refused_in_a_tenth_of_a_second",
        f"{CONFIG}::test_an_unknown_key_is_named_with_the_nearest_known_one",
        f"{REPOSITORIES}::test_a_configuration_that_is_a_trap_is_refused_in_words",
        f"{REPOSITORIES}::test_a_command_under_a_broken_configuration_is_answered",
    ),
    "C15": (
        f"{CONFIG}::test_addresses_images_secrets_and_the_host_are_not_for_a_repository",
        f"{REPOSITORIES}::test_a_configuration_that_is_a_trap_is_refused_in_words",
    ),
    "C16": (f"{REPOSITORIES}::test_nothing_in_a_pull_request_runs_or_leads_to_a_file_of_the_host",),
    "F01": (
        f"{MODEL}::test_orders_in_a_pull_request_get_words_into_findings_and_nothing_else",
        f"{MODEL}::test_orders_in_the_output_of_a_test_are_data",
        f"{OBEDIENT}::test_what_the_model_may_print_holds_no_secret",
        f"{OBEDIENT}::test_an_approval_that_nobody_asked_for_is_dropped",
    ),
    "D01": (f"{REPOSITORIES}::test_nothing_in_a_pull_request_runs_or_leads_to_a_file_of_the_host",),
    "D02": (
        f"{TOOLS}::test_a_configuration_that_silences_the_tool_changes_nothing",
        f"{TOOLS}::test_a_configuration_that_is_broken_changes_nothing",
    ),
    "D03": (f"{TESTS}::test_a_module_named_json_in_the_root_breaks_only_what_imports_it",),
    "D04": (
        f"{FLAGS}::test_no_variable_reaches_a_container_but_ours",
        f"{PROCESSES}::test_the_environment_of_a_command_is_fixed",
    ),
    "D05": (
        f"{TESTS}::test_a_run_that_contradicts_itself_is_no_evidence",
        f"{INPUT}::test_hostile_tests_prove_nothing_and_leave_nothing",
        f"{EVIDENCE}::test_a_broken_change_cannot_silence_the_tests_that_show_it",
    ),
    "D07": (f"{ACTION}::test_nothing_that_a_pull_request_says_is_a_command_for_the_runner",),
    "D08": (
        f"{RESULTS}::test_document_types_are_refused",
        f"{TESTS}::test_a_result_file_that_is_a_trick_is_refused",
    ),
    "D10": (
        "domain/test_path_filter.py::test_no_pattern_is_slow_on_any_path",
        "domain/test_prompt_redaction.py::test_hostile_text_takes_no_long_time",
    ),
    "D11": (
        "domain/test_exempt.py::test_a_line_that_is_too_long_is_skipped_and_not_exempt",
        "agent/test_coverage.py::test_a_file_that_is_too_large_is_no_success",
    ),
    "E01": (f"{SANDBOX}::test_a_fork_bomb_ends_with_its_container",),
    "E02": (
        f"{SANDBOX}::test_memory_taken_by_a_child_is_told_although_the_parent_exits_0",
        f"{IN_DOCKER}::test_running_out_of_memory_in_a_child_is_no_evidence_though_pytest_exits_0",
    ),
    "E03": (f"{SANDBOX}::test_a_kill_takes_less_than_a_second",),
    "E04": (
        f"{SANDBOX}::test_processes_that_ignore_term_and_leave_the_session_die_too",
        f"{SANDBOX}::test_a_daemon_left_behind_does_not_outlive_its_command",
    ),
    "E05": (
        f"{SANDBOX}::test_endless_output_is_killed_and_a_line_without_end_is_cut",
        f"{PROCESSES}::test_a_gigabyte_of_output_costs_no_memory",
    ),
    "E06": (
        f"{SANDBOX}::test_filling_a_folder_meets_its_end_and_not_the_hosts",
        f"{SANDBOX}::test_a_million_files_meet_the_end_of_the_workspace",
    ),
    "E07": (f"{FLAGS}::test_the_engine_dropped_no_flag_of_either_container",),
    "E09": (
        f"{FLAGS}::test_the_probe_finds_everything_held",
        f"{FLAGS}::test_the_probe_sees_what_plain_flags_let_through",
    ),
    "E10": (
        f"{FLAGS}::test_no_variable_reaches_a_container_but_ours",
        f"{FLAGS}::test_the_engine_dropped_no_flag_of_either_container",
    ),
    "E11": (f"{PROCESSES}::test_no_trick_in_the_results_folder_reads_a_file_of_the_host",),
    "E12": (
        f"{ARCHIVE}::test_a_members_name_is_never_used",
        f"{ARCHIVE}::test_a_member_that_is_no_regular_file_is_refused",
        f"{ARCHIVE}::test_a_file_that_is_larger_than_declared_is_refused_at_the_limit",
    ),
    "E14": (f"{SANDBOX}::test_closing_from_another_thread_kills_the_command_at_once",),
    "E16": (
        f"{ENGINE}::test_an_engine_that_hangs_is_unavailable_in_time",
        f"{INPUT}::test_a_docker_that_hangs_costs_seconds_not_the_review",
    ),
    "E17": (f"{SANDBOX}::test_a_lost_workspace_is_a_failure_and_never_an_empty_tree",),
    "F02": (
        f"{MODEL}::test_hidden_characters_are_visible_in_the_prompt_and_reported",
        f"{MODEL}::test_orders_that_a_page_hides_are_reported",
        f"{HIDDEN}::test_what_nobody_sees_is_found_in_any_kind_of_file",
    ),
    "F03": (
        f"{MODEL}::test_a_made_up_delimiter_leaves_the_structure_as_it_is",
        f"{OBEDIENT}::test_a_delimiter_in_the_text_is_data",
    ),
    "F04": (
        f"{MODEL}::test_a_lookup_never_leaves_the_tree",
        f"{LOOKING}::test_a_model_that_asks_the_same_again_and_again_gets_no_third_answer",
    ),
    "F05": (
        f"{MODEL}::test_a_model_of_no_use_changes_nothing_and_is_named_in_one_sentence",
        f"{FAULTS}::test_a_broken_server_is_asked_three_times_and_no_more",
    ),
    "F06": (
        f"{MODEL}::test_a_model_that_says_nothing_does_not_outlast_the_run",
        f"{FAULTS}::test_no_silence_and_no_drip_outlasts_the_deadline",
    ),
    "F08": (f"{MODEL}::test_a_made_up_place_is_no_place_and_loses_no_other_finding",),
    "F09": (
        f"{EDITS}::test_what_one_click_applies_parses_is_proved_and_is_the_patch_byte_for_byte",
        f"{PUBLICATION}::test_a_suggestion_with_backticks_has_a_longer_fence",
        f"{PUBLICATION}::test_what_github_might_write_otherwise_is_prose",
    ),
    "F11": (
        f"{EDITS}::test_no_model_writes_what_steers_the_forge_us_or_what_is_installed",
        f"{EDITS}::test_no_model_writes_out_of_the_tree",
        f"{REPAIR}::test_a_patch_that_no_fix_may_make_is_never_offered",
        f"{COMMITS}::test_no_commit_touches_what_steers_the_forge",
    ),
    "F12": (
        f"{EDITS}::test_a_patch_over_hundreds_of_files_is_none",
        f"{COMMITS}::test_no_commit_is_large_or_binary",
    ),
    "G01": (
        f"{MARKDOWN}::test_no_image_no_html_and_no_foreign_link_survives",
        f"{TEXT}::test_no_words_do_anything_on_github",
        f"{FORGE}::test_no_word_of_a_pull_request_does_anything_on_github",
    ),
    "G02": (
        f"{MARKDOWN}::test_nobody_is_notified_and_nothing_is_closed",
        f"{MARKDOWN}::test_no_other_bot_takes_a_line_for_a_command",
        f"{FORGE}::test_no_word_of_a_pull_request_does_anything_on_github",
    ),
    "G03": (
        f"{MARKDOWN}::test_a_long_comment_is_cut_by_bytes_with_a_notice",
        f"{TEXT}::test_no_body_is_over_the_limit_and_our_marker_stays",
        f"{FORGE}::test_a_huge_review_is_cut_and_says_so",
    ),
    "G05": (f"{HOSTILE}::test_one_bad_comment_of_thirty_loses_no_other",),
    "G06": (
        f"{HOSTILE}::test_a_summary_whose_answer_is_lost_is_posted_once",
        f"{FORGE}::test_an_answer_that_is_lost_makes_no_second_comment",
    ),
    "G07": (
        f"{HOSTILE}::test_a_long_wait_goes_back_to_the_queue",
        f"{HOSTILE}::test_writes_go_one_by_one_a_second_apart",
        f"{PACING}::test_no_hour_has_more_than_five_hundred_writes",
        f"{FORGE}::test_a_limit_is_waited_for",
    ),
    "G08": (
        f"{HOSTILE}::test_a_redirect_to_another_host_gets_no_credential",
        f"{FORGE}::test_a_repository_that_was_renamed_is_reviewed",
        f"{FORGE}::test_a_redirect_to_a_stranger_is_not_followed",
    ),
    "G09": (
        f"{HOSTILE}::test_a_next_page_on_another_host_is_not_asked_for",
        f"{FORGE}::test_the_diff_is_ours_and_not_what_the_api_leaves_of_it",
    ),
    "G10": (
        f"{TOKENS}::test_a_token_of_any_form_works_and_is_never_shown",
        f"{TEXT}::test_no_token_of_either_form_is_repeated",
    ),
    "G11": (
        f"{TOKENS}::test_a_token_that_expired_is_made_again_once",
        f"{TOKENS}::test_tokens_that_are_refused_for_good_make_no_storm",
        f"{TOKENS}::test_a_suspended_installation_is_refused",
        f"{TOKENS}::test_an_app_that_was_removed_is_refused",
    ),
    "G12": (f"{COMMITS}::test_a_head_that_moved_is_never_overwritten",),
    "G14": (
        f"{REPOSITORIES}::test_a_git_server_that_repeats_our_credential_does_not_make_us_repeat_it",
        f"{FORGE}::test_what_github_repeats_of_our_credential_is_not_posted",
    ),
    "G16": (
        f"{ACTION}::test_nothing_that_a_pull_request_says_is_a_command_for_the_runner",
        f"{RUNNER}::test_nothing_in_an_annotation_begins_another_command_or_property",
        f"{RUNNER}::test_an_output_that_holds_the_delimiter_is_refused",
        "test_starter.py::test_no_expression_is_pasted_into_a_script",
    ),
}

RULES: Mapping[str, tuple[str, ...]] = {
    row[0]: tuple(re.findall(r"`tests/([\w/]+\.py::\w+)`", row[2]))
    for row in table("docs/security.md", "## The rules, and tests that turn red without them")[1:]
}
"""R1 to R28: the code names them where it keeps them."""
