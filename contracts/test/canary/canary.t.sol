// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice Fails on purpose. The test run fails unless forge reports this failure in its exit code: some ways of starting
/// forge lose it, and then every other test would pass for nothing.
contract CanaryTest {
    function test_Fails() public pure {
        revert("this failure must be seen");
    }
}
