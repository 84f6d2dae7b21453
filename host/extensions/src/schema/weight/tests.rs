use proptest::prelude::*;
use serde_json::json;

use super::*;

fn refused(schema: &Value) -> String {
    weight(schema).expect_err(&schema.to_string())
}

/// Definitions of which each refers to the next one twice.
fn doubling(keyword: &str, count: usize, to: &str) -> Value {
    let link = |n: usize| json!({ keyword: [{"$ref": format!("{to}{n}")}, {"$ref": format!("{to}{n}")}] });
    let links = (0..count).map(|n| (format!("d{n}"), link(n + 1)));
    links.chain([(format!("d{count}"), json!({}))]).collect::<Map<_, _>>().into()
}

fn harmless(count: usize) -> Value {
    (0..=count).map(|n| (format!("d{n}"), json!({}))).collect::<Map<_, _>>().into()
}

#[test]
fn an_escape_that_the_validator_decodes_is_refused() {
    let schema = json!({
        "%24defs": harmless(40),
        "$defs": doubling("anyOf", 40, "#/%24defs/d"),
        "$ref": "#/%24defs/d0",
        "unevaluatedItems": false,
    });
    assert!(refused(&schema).starts_with("its $ref \"#/%24defs/d"), "{}", refused(&schema));
}

#[test]
fn what_would_give_references_another_meaning_is_refused() {
    let inner = json!({"$id": "http://x.example/y", "$defs": doubling("anyOf", 40, "#/$defs/d"), "$ref": "#/$defs/d0"});
    let schema = json!({"$defs": harmless(40), "properties": {"q": inner}});
    assert!(refused(&schema).starts_with("it has a \"$id\" below its root"), "{}", refused(&schema));
    for hostile in [
        json!({"properties": {"q": {"$schema": "http://json-schema.org/draft-04/schema#", "id": "http://x/y"}}}),
        json!({"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"q": {"id": "http://x/y"}}}),
        json!({"definitions": {"q": {"$id": "#name"}}, "$ref": "#name"}),
        json!({"$defs": {"q": {"$anchor": "name"}}, "$ref": "#name"}),
        json!({"$ref": "http://json-schema.org/draft-07/schema#"}),
        json!({"$id": "http://x/y", "$ref": "http://x/y#/$defs/a", "$defs": {"a": {}}}),
        json!({"$defs": {"~~1": {}, "~/": {}}, "$ref": "#/$defs/~~1"}),
        json!({"allOf": [{}, {}], "$ref": "#/allOf/01"}),
        json!({"$ref": "#/$defs/é", "$defs": {"é": {}}}),
        json!({"$ref": ""}),
        json!({"$dynamicAnchor": "a", "items": {"$dynamicRef": "#a"}}),
        json!({"$recursiveAnchor": true, "items": {"$recursiveRef": "#"}}),
    ] {
        refused(&hostile);
    }
    for fine in [
        json!({"$id": "http://x/y", "properties": {"id": {"type": "string"}, "$id": {"type": "string"}}}),
        json!({"properties": {"$ref": {"type": "string"}, "pattern": {"type": "string"}}}),
        json!({"$defs": {"a/b": {}, "c~d": {}}, "allOf": [{"$ref": "#/$defs/a~1b"}, {"$ref": "#/$defs/c~0d"}]}),
    ] {
        weight(&fine).unwrap();
    }
}

#[test]
fn what_expands_too_far_is_refused() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let schema = json!({"$defs": doubling(keyword, 40, "#/$defs/d"), "$ref": "#/$defs/d0"});
        assert!(
            refused(&schema).contains("expand to more than 5000 parts") || refused(&schema) == too_deep()
        );
    }
    let chain: Map<_, _> =
        (0..2000).map(|n| (format!("d{n}"), json!({"$ref": format!("#/$defs/d{}", n + 1)}))).collect();
    let mut schema = json!({"$defs": chain, "$ref": "#/$defs/d0"});
    schema["$defs"]["d2000"] = json!({});
    assert_eq!(refused(&schema), too_deep());
}

#[test]
fn an_unevaluated_keyword_counts_what_it_looks_at_again() {
    let nested = (0..10).fold(
        json!({"type": "object"}),
        |inner, _| json!({"anyOf": [inner], "unevaluatedProperties": false}),
    );
    assert!(refused(&nested).contains("expand to more than 5000 parts"), "{}", refused(&nested));
    let once = json!({"allOf": [{"$ref": "#/$defs/a"}], "unevaluatedProperties": false, "$defs": {"a": {"type": "object"}}});
    assert!(weight(&once).unwrap().parts > weight(&once["$defs"]).unwrap().parts);
}

#[test]
fn patterns_are_counted_as_often_as_they_are_referred_to() {
    let schema =
        json!({"$defs": {"a": {"pattern": "a"}}, "allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]});
    assert_eq!(weight(&schema).unwrap().patterns, 3);
    let many: Map<_, _> = (0..200).map(|n| (format!("a{n}"), json!({}))).collect();
    assert!(refused(&json!({ "patternProperties": many })).starts_with("it has 200 patterns"));
}

/// Schemas of what a validator follows, with references as one might write them, good and bad.
fn schemas() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["a", "b", "c", "%61", "~0a"]);
    let home = prop::sample::select(vec!["#/$defs/", "#/%24defs/", "#/definitions/", "#", "x#/$defs/"]);
    let leaf = prop_oneof![
        (home, name).prop_map(|(home, name)| json!({"$ref": format!("{home}{name}")})),
        Just(json!({"type": "object"})),
        Just(json!({"$id": "x"})),
        Just(json!({"pattern": "[ab]*a[ab]{9}c"})),
        Just(json!({"unevaluatedProperties": false, "unevaluatedItems": {"type": "string"}})),
    ];
    let part = leaf.prop_recursive(4, 24, 3, |part| {
        let list = prop::collection::vec(part.clone(), 1..3);
        let keyword = prop::sample::select(vec!["allOf", "anyOf", "oneOf"]);
        prop_oneof![
            (keyword, list, any::<bool>()).prop_map(|(keyword, list, strict)| match strict {
                true => json!({ keyword: list, "unevaluatedProperties": false }),
                false => json!({ keyword: list }),
            }),
            part.clone().prop_map(|part| json!({"properties": {"a": part}, "additionalProperties": false})),
            (part.clone(), part)
                .prop_map(|(one, other)| json!({"if": one, "then": other, "not": {"$ref": "#/$defs/c"}})),
        ]
    });
    [part.clone(), part.clone(), part.clone(), part].prop_map(|[a, b, c, root]| {
        let mut root = root;
        root["$defs"] = json!({"a": a, "b": b, "c": c});
        root["%24defs"] = json!({"a": {}, "b": {}, "c": {}});
        root
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is let through leads to what was counted: with all other names taken away, it still compiles and ends.
    #[test]
    fn what_is_let_through_ends(schema in schemas()) {
        if weight(&schema).is_ok() {
            let json = wharf_protocol::json::Json::of(&schema).unwrap();
            let compiled = crate::schema::Schema::compile(&json).map_err(TestCaseError::fail)?;
            let args = wharf_protocol::json::Json::new(r#"{"a":{"a":[1,"abab",{"a":{}}]},"b":"aaa"}"#).unwrap();
            let end = compiled.check(&args).err().unwrap_or_default();
            prop_assert!(!end.contains("not checked after"), "{}", end);
        }
    }
}
