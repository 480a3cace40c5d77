// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ZooToken} from "./ZooToken.sol";

// Tokens that keep their word, each in its own way.

/// @notice Answers nothing, as USDT does.
contract SilentToken is ZooToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        assembly {
            return(0, 0)
        }
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        super.transferFrom(from, to, amount);
        assembly {
            return(0, 0)
        }
    }
}

/// @notice Answers true, and 65,535 bytes more.
contract BombToken is ZooToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        explode();
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        super.transferFrom(from, to, amount);
        explode();
    }

    function explode() internal pure {
        assembly {
            mstore(0, 1)
            return(0, 0x10000)
        }
    }
}

contract ZeroDecimals is ZooToken {
    function decimals() public pure override returns (uint8) {
        return 0;
    }
}

contract ManyDecimals is ZooToken {
    function decimals() public pure override returns (uint8) {
        return 27;
    }
}

/// @notice Everything that a word can count is out.
contract MaxSupplyToken is ZooToken {
    address internal constant WHALE = address(0xdead);

    constructor() {
        _mint(WHALE, type(uint256).max);
    }

    function mint(address to, uint256 amount) external override {
        _transfer(WHALE, to, amount);
    }
}

/// @notice Knows neither permits nor authorizations.
contract PermitLess is ZooToken {
    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external pure override {
        revert();
    }

    function receiveWithAuthorization(address, address, uint256, uint256, uint256, bytes32, bytes calldata)
        external
        pure
        override
    {
        revert();
    }
}

/// @notice Takes any call that it does not know for done, as WETH does.
contract PhantomPermit is ZooToken {
    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external pure override {}

    function receiveWithAuthorization(address, address, uint256, uint256, uint256, bytes32, bytes calldata)
        external
        pure
        override
    {}
}

/// @notice Burns three million gas with every transfer.
contract GasBurner is ZooToken {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        uint256 until = gasleft() - (isLoose ? 3_000_000 : 0);
        while (gasleft() > until) {}
    }
}
