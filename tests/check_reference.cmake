# Fails when config/reference.md is not what `sluice reference` prints.
execute_process(COMMAND ${PROGRAM} reference OUTPUT_VARIABLE said RESULT_VARIABLE code)
file(READ ${FILE} written)
if(NOT code EQUAL 0 OR NOT said STREQUAL written)
  message(FATAL_ERROR "${FILE} is stale: run `sluice reference > config/reference.md`")
endif()
