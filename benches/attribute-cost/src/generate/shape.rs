//! The shapes of functions. A crate uses those of its form in turn.

use crate::kind::Form;

/// A function and its types.
pub(super) struct Shape {
    /// The template.
    pub(super) text: &'static str,
    /// A statement that uses the function: a route, or a call.
    pub(super) uses: &'static str,
}

/// What stands at the top of a module of functions.
pub(super) fn head(form: Form) -> &'static str {
    match form {
        Form::Axum => include_str!("../../templates/axum/head.rs"),
        Form::Tx => include_str!("../../templates/tx/head.rs"),
        Form::Plain => include_str!("../../templates/plain/head.rs"),
    }
}

/// The shapes of a form.
pub(super) fn shapes(form: Form) -> &'static [Shape] {
    match form {
        Form::Axum => &AXUM,
        Form::Tx => &TX,
        Form::Plain => &PLAIN,
    }
}

const AXUM: [Shape; 4] = [
    Shape {
        text: include_str!("../../templates/axum/orders.rs"),
        uses: r#".route("/{account}/orders-@n@", post(create_order_@n@))"#,
    },
    Shape {
        text: include_str!("../../templates/axum/refunds.rs"),
        uses: r#".route("/{account}/{place}/refunds-@n@", post(create_refund_@n@))"#,
    },
    Shape {
        text: include_str!("../../templates/axum/bookings.rs"),
        uses: r#".route("/{account}/bookings-@n@", post(create_booking_@n@))"#,
    },
    Shape {
        text: include_str!("../../templates/axum/messages.rs"),
        uses: r#".route("/{account}/messages-@n@", post(send_message_@n@))"#,
    },
];

const TX: [Shape; 3] = [
    Shape {
        text: include_str!("../../templates/tx/transfers.rs"),
        uses: r#".route("/{account}/transfers-@n@", post(create_transfer_@n@))"#,
    },
    Shape {
        text: include_str!("../../templates/tx/entries.rs"),
        uses: r#".route("/{account}/{book}/entries-@n@", post(create_entry_@n@))"#,
    },
    Shape {
        text: include_str!("../../templates/tx/seats.rs"),
        uses: r#".route("/{account}/seats-@n@", post(sell_seat_@n@))"#,
    },
];

const PLAIN: [Shape; 3] = [
    Shape {
        text: include_str!("../../templates/plain/settle.rs"),
        uses: "sum ^= f_@n@(ctx, order, @n@).await?;",
    },
    Shape {
        text: include_str!("../../templates/plain/receipt.rs"),
        uses: "sum ^= f_@n@(ctx, order, @n@).await?.funds;",
    },
    Shape {
        text: include_str!("../../templates/plain/lines.rs"),
        uses: "sum ^= f_@n@(ctx, order, @n@).await?.len() as u64;",
    },
];
