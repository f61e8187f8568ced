//! What is emitted, one snapshot for each fixture.

use insta::Settings;

use super::fixtures::ALL;
use super::pretty;

#[test]
fn every_shape() {
    for fixture in &ALL {
        let mut settings = Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_description(format!("#[idempotent({})]\n{}", fixture.args, fixture.item));
        settings.bind(|| insta::assert_snapshot!(fixture.name, pretty(fixture.args, fixture.item)));
    }
}
