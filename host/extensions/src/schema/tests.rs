use super::*;

#[test]
fn what_would_take_too_long_to_check_is_refused() {
    let numbers = vec![r#"{"type":"number"}"#; 200].join(",");
    let schema = format!(r#"{{"properties":{{"a":{{"type":"array","items":{{"anyOf":[{numbers}]}}}}}}}}"#);
    let schema = Schema::compile(&Json::new(schema).unwrap()).unwrap();
    let args = |count| Json::new(format!(r#"{{"a":[{}]}}"#, vec!["\"x\""; count].join(","))).unwrap();
    let told = |count| schema.check(&args(count)).unwrap_err();
    assert!(told(10).starts_with("at /a/0: "), "{}", told(10));
    assert_eq!(told(10_000), "they do not fit, and are too large to say where");
    assert!(told(100_000).starts_with("they and the schema are too large"), "{}", told(100_000));
}

fn schema() -> Schema {
    let text = r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#;
    Schema::compile(&Json::new(text).unwrap()).unwrap()
}

fn problem(args: &str) -> String {
    schema().check(&Json::new(args).unwrap()).unwrap_err()
}

#[test]
fn a_problem_names_its_place() {
    assert!(schema().check(&Json::new(r#"{"city":"Berlin"}"#).unwrap()).is_ok());
    assert_eq!(problem(r#"{"city":3}"#), "at /city: 3 is not of type \"string\"");
    assert_eq!(problem("{}"), "\"city\" is a required property");
    let deep = format!("{{\"city\":{}{}}}", "[".repeat(100), "]".repeat(100));
    assert_eq!(problem(&deep), "they are nested deeper than 64 levels");
}

/// Definitions of which each refers to the next one twice.
fn doubling(keyword: &str, to: &str, around: impl Fn(&str) -> String) -> Json {
    let links: Vec<String> = (0..40)
        .map(|n| format!(r#""d{n}":{{"{keyword}":[{{"$ref":"{to}{0}"}},{{"$ref":"{to}{0}"}}]}}"#, n + 1))
        .collect();
    Json::new(around(&format!("{{{},\"d40\":{{}}}}", links.join(",")))).unwrap()
}

#[test]
fn a_schema_that_could_keep_the_host_busy_for_ever_is_refused() {
    let harmless: Vec<String> = (0..=40).map(|n| format!("\"d{n}\":{{}}")).collect();
    let harmless = format!("{{{}}}", harmless.join(","));
    let plain = |defs: &str| format!(r##"{{"$ref":"#/$defs/d0","$defs":{defs}}}"##);
    let escaped = |defs: &str| {
        format!(r##"{{"%24defs":{harmless},"$defs":{defs},"$ref":"#/%24defs/d0","unevaluatedItems":false}}"##)
    };
    let identified = |defs: &str| {
        format!(
            r##"{{"$defs":{harmless},"properties":{{"q":{{"$id":"http://x/y","$defs":{defs},"$ref":"#/$defs/d0"}}}}}}"##
        )
    };
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for (schema, why) in [
            (doubling(keyword, "#/$defs/d", plain), "its $refs and unevaluated keywords expand to more than"),
            (doubling(keyword, "#/%24defs/d", escaped), "its $ref \"#/%24defs/d"),
            (doubling(keyword, "#/$defs/d", identified), "it has a \"$id\" below its root"),
        ] {
            let error = Schema::compile(&schema).err().unwrap();
            assert!(error.starts_with(why), "{schema}: {error}");
        }
    }
    for (text, why) in [
        (r##"{"$ref":"#"}"##, "its $refs lead in a circle"),
        (r##"{"properties":{"a":{"$ref":"#"}}}"##, "its $refs lead in a circle"),
        (r##"{"$ref":"http://127.0.0.1:1/x"}"##, "its $ref \"http://127.0.0.1:1/x\" is none of the form"),
        (r##"{"$dynamicRef":"#x"}"##, "it has a $dynamicRef"),
    ] {
        let error = Schema::compile(&Json::new(text).unwrap()).err().unwrap();
        assert!(error.starts_with(why), "{text}: {error}");
    }
    let shared = r##"{"properties":{"a":{"$ref":"#/$defs/n"},"b":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"integer"}}}"##;
    let shared = Schema::compile(&Json::new(shared).unwrap()).unwrap();
    assert!(shared.check(&Json::new(r#"{"a":1,"b":"x"}"#).unwrap()).is_err());
}

#[test]
fn a_name_of_its_own_does_not_lead_a_schema_into_one_that_the_validator_has_built_in() {
    let text = r##"{"$id":"http://json-schema.org/draft-07/schema","$ref":"#/definitions/nonNegativeInteger",
        "definitions":{"nonNegativeInteger":{"type":"string"}}}"##;
    let schema = Schema::compile(&Json::new(text).unwrap()).unwrap();
    assert_eq!(schema.check(&Json::new("\"x\"").unwrap()), Ok(()));
    assert!(schema.check(&Json::new("3").unwrap()).is_err());
}

#[test]
fn a_pattern_costs_what_it_is_held_against() {
    let patterns: Vec<String> =
        (0..90).map(|n| format!(r#"{{"pattern":"[ab]*a[ab]{{{}}}c{n}"}}"#, 40 + n % 20)).collect();
    let text = format!(r#"{{"properties":{{"p":{{"anyOf":[{}]}}}}}}"#, patterns.join(","));
    let schema = Schema::compile(&Json::new(text).unwrap()).unwrap();
    let told = |length: usize| {
        schema.check(&Json::new(format!(r#"{{"p":"{}"}}"#, "ab".repeat(length / 2))).unwrap())
    };
    assert!(told(100).unwrap_err().starts_with("at /p: "), "{:?}", told(100));
    assert!(
        told(500_000).unwrap_err().starts_with("they and the schema are too large"),
        "{:?}",
        told(500_000)
    );
    let large = Schema::compile(&Json::new(r#"{"pattern":"\\p{L}{5000}"}"#).unwrap()).err().unwrap();
    let words = r#"at /pattern: "\\p{L}{5000}" is no pattern that can be used: it is none, takes too much, or looks around"#;
    assert_eq!(large, words);
}

#[test]
fn a_misfit_that_would_be_quoted_too_often_is_told_without_its_place() {
    let text = format!(r#"{{"anyOf":[{}]}}"#, vec![r#"{"minLength":5000000}"#; 1600].join(","));
    let schema = Schema::compile(&Json::new(text).unwrap()).unwrap();
    let told = |length| schema.check(&Json::new(format!("\"{}\"", "x".repeat(length))).unwrap()).unwrap_err();
    assert_eq!(told(2000), "the value fits none of the alternatives that its schema allows");
    assert_eq!(told(100_000), "they do not fit, and are too large to say where");
}

#[test]
fn a_problem_is_short_and_says_why_also_when_the_value_is_long() {
    let long = "x".repeat(300_000);
    let text =
        r#"{"properties":{"n":{"type":"integer"},"a":{"anyOf":[{"type":"integer"},{"type":"null"}]}}}"#;
    let schema = Schema::compile(&Json::new(text).unwrap()).unwrap();
    let told = |args: String| schema.check(&Json::new(args).unwrap()).unwrap_err();
    assert_eq!(told(format!(r#"{{"n":"{long}"}}"#)), "at /n: the value is not of type \"integer\"");
    assert_eq!(
        told(format!(r#"{{"a":"{long}"}}"#)),
        "at /a: the value fits none of the alternatives that its schema allows"
    );
    assert_eq!(
        told(r#"{"a":"x"}"#.to_owned()),
        "at /a: \"x\" fits none of the alternatives that its schema allows"
    );
    let twice = told(format!(r#"{{"{long}":1,"{long}":2}}"#));
    assert!(twice.starts_with("the key \"xxx") && twice.len() < 5000, "{}", twice.len());
}

#[test]
fn what_is_no_schema_is_refused() {
    for (text, why) in [
        ("null", "a schema must be an object, not null"),
        ("\"x\"", "a schema must be an object, not a string"),
    ] {
        assert_eq!(Schema::compile(&Json::new(text).unwrap()).err().unwrap(), why);
    }
    let misspelt = Schema::compile(&Json::new(r#"{"properties":{"a":{"type":"strnig"}}}"#).unwrap());
    assert_eq!(
        misspelt.err().unwrap(),
        "at /properties/a/type: \"strnig\" is no type; one of string, number, integer, boolean, object, array, null"
    );
}
