"""Resources that answer to another one: responses to a questionnaire, reports of a measure."""
