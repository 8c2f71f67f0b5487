//! Complete lists of a service. There is no partly read list.

use std::ops::{Deref, DerefMut};

/// A list that was read to its end and whose every item was understood. Only the page reader makes
/// one, which the house test checks. Items can't be added or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole<T>(Vec<T>);

impl<T> Whole<T> {
    /// Makes the list. Only the page reader calls this, after the last page.
    pub fn read_to_end(items: Vec<T>) -> Self {
        Self(items)
    }

    /// All items that fit; this list is complete, too.
    #[must_use]
    pub fn only(&self, is: impl Fn(&T) -> bool) -> Self
    where
        T: Clone,
    {
        Self(self.iter().filter(|item| is(item)).cloned().collect())
    }
}

impl<T> Deref for Whole<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// A single read may add details to an item.
impl<T> DerefMut for Whole<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T> IntoIterator for Whole<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Whole<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Whole<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}
