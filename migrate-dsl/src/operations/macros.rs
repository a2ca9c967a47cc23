//! What operations, their options and plain verbs are written with, so that each stands with its whole
//! signature and nothing else.

/// An operation: in parentheses what its verb is given, in braces what its options set. `new` takes the
/// former; the latter begin with their defaults.
macro_rules! operation {
    (
        $(#[$attribute:meta])*
        pub struct $operation:ident($($given:ident: $given_type:ty),* $(,)?) {
            $($(#[$option_attribute:meta])* $visibility:vis $option:ident: $option_type:ty,)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone)]
        pub struct $operation {
            $($given: $given_type,)*
            $($(#[$option_attribute])* $visibility $option: $option_type,)*
        }

        impl $operation {
            pub(crate) fn new($($given: $given_type),*) -> Self {
                Self { $($given,)* $($option: Default::default(),)* }
            }
        }
    };
}
pub(crate) use operation;

/// Verbs that have nothing of their own: methods of [`Pgm`](crate::Pgm) that record an operation by its
/// `new`, which is given the verb's name and what stands in parentheses. Methods of the operation may
/// follow.
macro_rules! plain_verbs {
    ($(
        $(#[$attribute:meta])*
        pub fn $verb:ident($($argument:ident: $type:ty),* $(,)?) -> $operation:ident
            => ($($value:expr),*) $(.$method:ident($($with:expr),*))*;
    )*) => {
        impl crate::Pgm {
            $(
                $(#[$attribute])*
                #[track_caller]
                pub fn $verb(&mut self, $($argument: $type),*) -> &mut $operation {
                    self.record(
                        $operation::new(stringify!($verb), $($value),*) $(.$method($($with),*))*
                    )
                }
            )*
        }
    };
}
pub(crate) use plain_verbs;

/// Options of an operation: methods whose body keeps what they are given, and which return the operation.
macro_rules! options {
    ($operation:ty {$(
        $(#[$attribute:meta])*
        pub fn $option:ident(&mut $self:ident $(, $argument:ident: $type:ty)* $(,)?) $body:block
    )*}) => {
        impl $operation {
            $(
                $(#[$attribute])*
                pub fn $option(&mut $self $(, $argument: $type)*) -> &mut Self {
                    $body
                    $self
                }
            )*
        }
    };
}
pub(crate) use options;
