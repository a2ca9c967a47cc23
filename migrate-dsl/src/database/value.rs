//! Values on their way to the server, and from it.

/// A value of the few kinds that go to the server and come from it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `boolean`.
    Bool(bool),
    /// `smallint`, `integer`, `bigint`, `oid`.
    Int(i64),
    /// `real`, `double precision`.
    Float(f64),
    /// `text`, enums, `json`, `uuid`; as a parameter, whatever PostgreSQL reads from a text.
    Text(String),
    /// `bytea`.
    Bytes(Vec<u8>),
}

impl Value {
    /// How many bytes it has, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a number",
            Self::Float(_) => "a floating-point number",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// What can be a value of a statement.
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value;
}

/// What a value of a row can become.
pub trait FromValue: Sized {
    /// The value as this type.
    ///
    /// # Errors
    ///
    /// A clause that says why it is not of this type.
    fn from_value(value: Value) -> Result<Self, String>;
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, String> {
        Ok(value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

fn is_not(value: &Value, wanted: &str) -> String {
    match value {
        Value::Null => "is null: take it as an `Option`".to_owned(),
        value => format!("is {}, and no {wanted}", value.kind()),
    }
}

macro_rules! values {
    ($($of:ty, $variant:ident, $wanted:literal;)*) => {$(
        impl ToValue for $of {
            fn to_value(&self) -> Value {
                Value::$variant(self.clone().into())
            }
        }

        impl FromValue for $of {
            fn from_value(value: Value) -> Result<Self, String> {
                match value {
                    Value::$variant(value) => Ok(value),
                    other => Err(is_not(&other, $wanted)),
                }
            }
        }
    )*};
}

values! {
    bool, Bool, "boolean";
    f64, Float, "floating-point number";
    String, Text, "text";
    Vec<u8>, Bytes, "bytes";
}

macro_rules! integers {
    ($($of:ty)*) => {$(
        impl ToValue for $of {
            fn to_value(&self) -> Value {
                Value::Int((*self).into())
            }
        }

        impl FromValue for $of {
            fn from_value(value: Value) -> Result<Self, String> {
                match value {
                    Value::Int(value) => value.try_into().map_err(|_| {
                        let of = stringify!($of);
                        format!("is {value}, which is out of the range of {of}")
                    }),
                    other => Err(is_not(&other, "number")),
                }
            }
        }
    )*};
}

integers! { i16 i32 i64 u32 }

impl ToValue for f32 {
    fn to_value(&self) -> Value {
        Value::Float((*self).into())
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind() {
        let values: [&dyn ToValue; 8] = [
            &true,
            &7_i16,
            &7_u32,
            &1.5,
            &"it's",
            &Some("x".to_owned()),
            &None::<i32>,
            &[1_u8, 0].as_slice(),
        ];
        let values: Vec<_> = values.iter().map(|value| value.to_value()).collect();
        assert_eq!(
            values[..4],
            [Value::Bool(true), Value::Int(7), Value::Int(7), Value::Float(1.5)]
        );
        assert_eq!(values[4..6], [Value::Text("it's".into()), Value::Text("x".into())]);
        assert_eq!(values[6..], [Value::Null, Value::Bytes(vec![1, 0])]);
        assert_eq!(Option::<bool>::from_value(Value::Null), Ok(None));
        assert_eq!(bool::from_value(Value::Int(1)).unwrap_err(), "is a number, and no boolean");
    }
}
